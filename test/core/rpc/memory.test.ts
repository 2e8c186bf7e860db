import test from "ava";
import { createMemoryNetwork } from "../../../core/rpc/memory/transport.js";
import { transportSuite } from "../../suites/transport-suite.js";

transportSuite(test, async (services, options) => {
  const network = createMemoryNetwork();
  const server = await network.serve("here", services, options);
  return { transport: network.transport, target: { address: "here" }, server };
});

test("an address is served once", async (t) => {
  const network = createMemoryNetwork();
  const server = await network.serve("here", []);
  await t.throwsAsync(network.serve("here", []), { message: "somebody serves at here already" });
  await server.stop();
  await (await network.serve("here", [])).stop();
});
