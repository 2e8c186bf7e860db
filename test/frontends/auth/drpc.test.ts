import test from "ava";
import { createPlainDrpcTransport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { authDeps } from "../../helpers/auth-deps.js";

test("EdgeAuth over plaintext DRPC, as the uplink CLI calls it", async (t) => {
  const { deps, grant, foreignGrant } = authDeps();
  const running = await authFrontend({ drpcPort: 0 }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const connection = await createPlainDrpcTransport().dial({ address: running.addresses["drpc"]! });
  t.teardown(() => connection.close());
  const register = (accessGrant: string) =>
    connection.unary(EdgeAuthDefinition, EdgeAuthDefinition.methods.registerAccess, { accessGrant, public: true });

  const issued = await register(grant);
  t.is(issued.endpoint, "https://gateway.example");
  t.like(await deps.access.resolve(issued.accessKeyId), { accessGrant: grant, public: true });
  await t.throwsAsync(register(foreignGrant), { code: "invalid-argument", message: /disallowed satellite/ });
  await t.throwsAsync(register("nonsense"), { code: "invalid-argument", message: /^access grant: / });
});
