import test, { type ExecutionContext } from "ava";
import { createGrpcTransport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { hasProgram, mustRun, runProgram } from "../../helpers/run-program.js";

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
    ["x", "access grant: invalid access grant format"],
    [foreignGrant, "access grant: disallowed satellite: "],
    [expiredGrant, "access grant: expiration cannot be shorter than a minute"],
    ["1".repeat(5000), "provided access grant is too large"],
  ] as const) {
    const data = JSON.stringify({ access_grant: accessGrant });
    const bad = await runProgram("grpcurl", ["-plaintext", "-d", data, address, "EdgeAuth/RegisterAccess"]);
    t.not(bad.code, 0);
    t.regex(bad.stderr, new RegExp(`Code: InvalidArgument\\s+Message: ${why}`));
  }
});
