import test from "ava";
import { createIdentity } from "../../../../core/identity/identity.js";
import { serveDrpc } from "../../../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../../../core/rpc/drpc/transport.js";
import { transportSuite } from "../../../suites/transport-suite.js";

const serverIdentity = await createIdentity();
const clientIdentity = await createIdentity();
const listen = { host: "127.0.0.1", port: 0 };

transportSuite(test, async (services, options) => {
  const server = await serveDrpc({ listen, identity: serverIdentity, services, ...options });
  return {
    transport: createDrpcTransport({ identity: clientIdentity }),
    target: { address: server.address, nodeId: serverIdentity.nodeId },
    server,
    clientChain: clientIdentity.chain,
    serverChain: serverIdentity.chain,
  };
});
