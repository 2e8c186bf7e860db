import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import test from "ava";
import { isPosternError } from "../../../core/errors.js";
import { createGrpcTransport, createPlainDrpcTransport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { closed } from "../../helpers/closed.js";

test("a client is one and the same over all protocols", async (t) => {
  const { deps, grant } = authDeps();
  const running = await authFrontend({ httpPort: 0, grpcPort: 0, drpcPort: 0, requestsPerMinute: 3 }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const { http, grpc, drpc } = running.addresses;
  const post = () => fetch(`${http}/v1/access`, { method: "POST", body: JSON.stringify({ access_grant: grant }) });
  t.is((await post()).status, 200);
  const method = EdgeAuthDefinition.methods.registerAccess;
  for (const [transport, address] of [
    [createGrpcTransport(), grpc!],
    [createPlainDrpcTransport(), drpc!],
  ] as const) {
    const connection = await transport.dial({ address });
    t.teardown(() => connection.close());
    const register = () => connection.unary(EdgeAuthDefinition, method, { accessGrant: grant, public: false });
    await t.notThrowsAsync(register());
    if (address === drpc) await t.throwsAsync(register(), { code: "resource-exhausted" });
  }
  const refused = await post();
  t.is(refused.status, 429);
  t.true(Number(refused.headers.get("retry-after")) > 0);
});

test("a body that stops is answered 408", async (t) => {
  const running = await authFrontend({ httpPort: 0, idleMs: 100 }).start(authDeps().deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const headers = { "Content-Length": 1_000 };
  const call = request(`${running.addresses["http"]}/v1/access`, { method: "POST", headers });
  call.on("error", () => {}); // cut off after its answer
  call.write("{");
  const [reply] = await once(call, "response");
  t.is(reply.statusCode, 408);
  call.destroy();
});

test("a DRPC call that comes a byte at a time has to come to its end", async (t) => {
  const running = await authFrontend({ drpcPort: 0, callMs: 200 }).start(authDeps().deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const [host, port] = running.addresses["drpc"]!.split(":");
  const socket = connect({ host, port: Number(port) });
  // An invoke with a path of 100 bytes, of which there is one more every 20 ms.
  socket.write(Uint8Array.of(0x03, 1, 1, 100));
  const drip = setInterval(() => socket.write("a"), 20);
  t.teardown(() => clearInterval(drip));
  await closed(socket);
  t.pass();
});

test("a gRPC call whose request does not come is ended", async (t) => {
  const running = await authFrontend({ grpcPort: 0, callMs: 200 }).start(authDeps().deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const call = async () => {
    const connection = await createGrpcTransport().dial({ address: running.addresses["grpc"]! });
    t.teardown(() => connection.close());
    return t.throwsAsync(connection.stream(EdgeAuthDefinition, EdgeAuthDefinition.methods.registerAccess).receive());
  };
  let error = await call();
  // A connection without a call is ended after the same time: on a busy machine before the call has come.
  for (let i = 0; i < 20 && isPosternError(error, "unavailable"); i++) error = await call();
  t.like(error, { code: "deadline-exceeded" });
});
