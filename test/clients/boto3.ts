import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun } from "../helpers/run-program.js";
import type { ClientRound } from "./round.js";

/** boto3 in its default configuration; the script asserts, and prints how much it checked. */
export async function boto3Round(t: ExecutionContext, { ready, dir, sizes }: ClientRound): Promise<void> {
  const script = join(repositoryRoot, "test", "clients", "boto3_round.py");
  const env = {
    ENDPOINT: ready.s3,
    AWS_ACCESS_KEY_ID: ready.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ready.secretKey,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  const { stdout } = await mustRun("python3", [script, ...sizes.map(String)], { env, cwd: dir, timeoutMs: 400_000 });
  t.is(stdout.trim(), `${sizes.length} files, all equal`);
}
