import test from "ava";
import { equalBytes } from "../../../core/bytes/bytes.js";
import { createIdentity } from "../../../core/identity/identity.js";
import { createClient } from "../../../core/rpc/client.js";
import { serveDrpc } from "../../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../../core/rpc/drpc/transport.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { bindService } from "../../../core/rpc/transport.js";
import { startSatellite } from "../../../network/satellite/index.js";
import { CheckInRequest, ContactDefinition, NodeDefinition, PingMeRequest } from "../../../proto/gen/contact.js";
import { databaseOptions } from "../../helpers/databases.js";
import { failure } from "../../helpers/satellite.js";
import { tempDir } from "../../helpers/temp-dir.js";

test("a node is called back where it says it is", async (t) => {
  const { path, remove } = await tempDir();
  const [satelliteId, nodeId, otherId, strangerId] = await Promise.all([
    createIdentity(),
    createIdentity(),
    createIdentity(),
    createIdentity(),
  ]);
  const times = { pingIntervalMs: 0, choreIntervalMs: 0 };
  const satellite = await startSatellite({
    ...(await databaseOptions(t)),
    dir: path,
    identity: satelliteId,
    times,
    acceptsNode: (id) => !equalBytes(id, strangerId.nodeId),
  });
  const pings: string[] = [];
  const node = await serveDrpc({
    identity: nodeId,
    listen: { host: "127.0.0.1", port: 0 },
    services: [
      bindService(ContactDefinition, {
        async pingNode(_, { peerAddress }) {
          pings.push(peerAddress);
          return {};
        },
      }),
    ],
  });
  const connect = async (identity: typeof nodeId) => {
    const transport = createDrpcTransport({ identity });
    const connection = await transport.dial({ address: satellite.address, nodeId: satelliteId.nodeId });
    t.teardown(() => connection.close());
    return createClient(NodeDefinition, connection);
  };
  t.teardown(async () => {
    await Promise.all([node.stop(), satellite.stop({ graceMs: 0 })]);
    await remove();
  });

  const client = await connect(nodeId);
  const checkIn = { address: node.address, capacity: { freeDisk: 5e9 }, debounceLimit: 2 };
  const reply = await client.checkIn(CheckInRequest.fromPartial(checkIn));
  t.true(reply.pingNodeSuccess);
  t.is(pings.length, 1);
  const known = satellite.nodes.get(nodeId.nodeId)!;
  t.like(known, { address: node.address, lastIpPort: node.address, lastNet: "127.0.0.0", freeDisk: 5e9 });
  t.true(satellite.nodes.isOnline(known));
  t.truthy(await satellite.nodes.leafKey(nodeId.nodeId));

  await t.notThrowsAsync(client.pingMe(PingMeRequest.fromPartial({ address: node.address })));
  t.is((await failure(client.pingMe(PingMeRequest.fromPartial({ address: "x:1", transport: 1 })))).status, 3);
  t.true(Math.abs((await client.getTime({})).timestamp!.seconds - Date.now() / 1000) < 60);

  // Another identity at this address is not this node.
  const liar = await connect(otherId);
  const lie = await liar.checkIn(CheckInRequest.fromPartial(checkIn));
  t.false(lie.pingNodeSuccess);
  t.regex(lie.pingErrorMessage, /^failed to dial storage node/);
  t.false(satellite.nodes.isOnline(satellite.nodes.get(otherId.nodeId)!));
  t.is((await failure(liar.checkIn(CheckInRequest.fromPartial({ address: "nonsense" })))).status, 3);
  t.is((await failure(liar.pingMe(PingMeRequest.fromPartial({ address: node.address })))).status, RpcStatus.NotFound);

  const stranger = await connect(strangerId);
  t.is((await failure(stranger.checkIn(CheckInRequest.fromPartial(checkIn)))).status, RpcStatus.PermissionDenied);
  const refused: (number | undefined)[] = [];
  for (let i = 0; i < 30; i++) {
    const ping = client.pingMe(PingMeRequest.fromPartial({ address: node.address }));
    await ping.catch((error: { status?: number }) => refused.push(error.status));
  }
  t.true(refused.length >= 9);
  t.deepEqual(new Set(refused), new Set([RpcStatus.ResourceExhausted]));
});
