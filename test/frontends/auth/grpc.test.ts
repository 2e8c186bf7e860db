import test, { type ExecutionContext } from "ava";
import { PosternError } from "../../../core/errors.js";
import { createGrpcTransport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { memoryGrantStore } from "../../../store/memory.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { hasProgram, mustRun, runProgram } from "../../helpers/run-program.js";
import { until } from "../../helpers/until.js";

async function started(t: ExecutionContext) {
  const made = authDeps();
  const running = await authFrontend({ grpcPort: 0 }).start(made.deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  return { ...made, address: running.addresses["grpc"]! };
}

test("EdgeAuth over gRPC", async (t) => {
  const { deps, grant, foreignGrant, address } = await started(t);
  const connection = await createGrpcTransport().dial({ address });
  t.teardown(() => connection.close());
  const register = (accessGrant: string) =>
    connection.unary(EdgeAuthDefinition, EdgeAuthDefinition.methods.registerAccess, { accessGrant, public: false });

  const issued = await register(grant);
  t.like(await deps.access.resolve(issued.accessKeyId), { accessGrant: grant, secretKey: issued.secretKey });
  await t.throwsAsync(register(foreignGrant), { code: "invalid-argument", message: /disallowed satellite/ });
});

// CI installs grpcurl, so there a missing one is a failure and not a skip.
const withGrpcurl = hasProgram("grpcurl", ["-version"]) || process.env["CI"] !== undefined ? test : test.skip;

withGrpcurl("grpcurl lists, describes, registers and checks health with no .proto file", async (t) => {
  const { deps, grant, foreignGrant, expiredGrant, address } = await started(t);
  const grpcurl = (...args: string[]) => mustRun("grpcurl", ["-plaintext", ...args]);
  const { stdout: listed } = await grpcurl(address, "list");
  t.true(listed.split("\n").includes("EdgeAuth"));
  t.true(listed.split("\n").includes("grpc.health.v1.Health"));
  t.regex(
    (await grpcurl(address, "describe", "EdgeAuth")).stdout,
    /rpc RegisterAccess \( \.EdgeRegisterAccessRequest \)/,
  );
  const request = JSON.stringify({ access_grant: grant });
  const issued = JSON.parse((await grpcurl("-d", request, address, "EdgeAuth/RegisterAccess")).stdout);
  t.like(await deps.access.resolve(issued.access_key_id), { accessGrant: grant, secretKey: issued.secret_key });
  t.regex(
    (await grpcurl(address, "describe", "EdgeRegisterAccessRequest")).stdout,
    /string access_grant = 1;\s+bool public = 2;/,
  );
  const check = "grpc.health.v1.Health/Check";
  t.is(JSON.parse((await grpcurl(address, check)).stdout).status, "SERVING");
  t.is(JSON.parse((await grpcurl("-d", '{"service":"EdgeAuth"}', address, check)).stdout).status, "SERVING");
  for (const [accessGrant, why] of [
    ["", "access grant: invalid access grant format"],
    ["x", "access grant: invalid access grant format; expected is the whole text"],
    [foreignGrant, "access grant: disallowed satellite: "],
    [expiredGrant, "access grant: expiration cannot be shorter than a minute"],
    ["1".repeat(5000), "provided access grant is too large"],
  ] as const) {
    const data = JSON.stringify({ access_grant: accessGrant });
    const bad = await runProgram("grpcurl", ["-plaintext", "-d", data, address, "EdgeAuth/RegisterAccess"]);
    t.not(bad.code, 0);
    t.regex(bad.stderr, new RegExp(`Code: InvalidArgument\\s+Message: ${why}`));
  }
  t.regex((await grpcurl(address, "list", "EdgeAuth")).stdout, /^EdgeAuth\.RegisterAccess$/m);
  const described = async (symbol: string) => (await grpcurl(address, "describe", symbol)).stdout;
  t.regex(await described("EdgeRegisterAccessResponse"), /string access_key_id = 1;\s+string secret_key = 2;/);
  t.regex(await described("EdgeAuth.RegisterAccess"), /returns \( \.EdgeRegisterAccessResponse \)/);
  t.regex(await described("grpc.health.v1.Health"), /rpc Watch /);
  const nobody = await runProgram("grpcurl", ["-plaintext", "-d", '{"service":"Nobody"}', address, check]);
  t.regex(nobody.stderr, /Code: NotFound/);
});

withGrpcurl("health says when access keys can not be looked up", async (t) => {
  let away = true;
  const store = memoryGrantStore();
  const ping = () => (away ? Promise.reject(new PosternError("unavailable", "away")) : store.ping());
  const running = await authFrontend({ grpcPort: 0, healthMs: 1 }).start(authDeps({ store: { ...store, ping } }).deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const status = async () => {
    const args = ["-plaintext", running.addresses["grpc"]!, "grpc.health.v1.Health/Check"];
    return JSON.parse((await mustRun("grpcurl", args)).stdout).status;
  };
  await until(async () => (await status()) === "NOT_SERVING");
  away = false;
  await until(async () => (await status()) === "SERVING");
  t.pass();
});
