import test from "ava";
import { createPlainDrpcTransport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { authDeps } from "../../helpers/auth-deps.js";

test("each request is told of at debug level, with nothing in it that a client wrote", async (t) => {
  const { deps, grant, logged } = authDeps();
  const running = await authFrontend({ httpPort: 0, drpcPort: 0, tokens: ["t"], trustedProxies: 1 }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const url = running.addresses["http"]!;
  const headers = { "X-Forwarded-For": "192.0.2.1" };
  const body = JSON.stringify({ access_grant: grant });
  const issued = await fetch(`${url}/v1/access`, { method: "POST", headers, body });
  const { access_key_id: id } = (await issued.json()) as { access_key_id: string };
  await fetch(`${url}/v1/access/${id}`, { headers: { Authorization: "Bearer t", "X-Forwarded-For": id } });
  await fetch(`${url}/${id}`);
  const connection = await createPlainDrpcTransport().dial({ address: running.addresses["drpc"]! });
  t.teardown(() => connection.close());
  const { registerAccess } = EdgeAuthDefinition.methods;
  await t.throwsAsync(connection.unary(EdgeAuthDefinition, registerAccess, { accessGrant: "x", public: false }));
  await connection.unary(EdgeAuthDefinition, registerAccess, { accessGrant: grant, public: false });

  const lines = logged.map((line) => line.replace(/"ms":\d+/, '"ms":0'));
  t.deepEqual(lines, [
    'auth request {"method":"POST","path":"/v1/access","status":200,"ms":0,"client":"192.0.2.1"}',
    'auth request {"method":"GET","path":"/v1/access/:id","status":200,"ms":0,"client":"no address"}',
    'auth request {"method":"GET","path":"other","status":404,"ms":0,"client":"127.0.0.1"}',
    'registration over RPC {"result":"invalid-grant","client":"127.0.0.1"}',
    'registration over RPC {"result":"ok","client":"127.0.0.1"}',
  ]);
});
