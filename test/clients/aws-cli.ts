import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { randomFile, sha256OfFile } from "../helpers/files.js";
import { mustRun, runProgram } from "../helpers/run-program.js";
import type { ClientRound } from "./round.js";

/** The usual day of aws-cli: make, copy up and down, list, read a range, remove, remove the bucket. */
export async function awsCliRound(t: ExecutionContext, { ready, dir, sizes }: ClientRound): Promise<void> {
  const env = {
    AWS_ACCESS_KEY_ID: ready.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ready.secretKey,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  const aws = (...args: string[]) => mustRun("aws", ["--endpoint-url", ready.s3, ...args], { env, cwd: dir });

  await aws("s3", "mb", "s3://aws-cli");
  for (const size of sizes) {
    const sha256 = await randomFile(join(dir, "up"), size);
    await aws("s3", "cp", "--no-progress", "up", `s3://aws-cli/files/${size}`);
    await aws("s3", "cp", "--no-progress", `s3://aws-cli/files/${size}`, "down");
    t.is((await stat(join(dir, "down"))).size, size);
    t.is(await sha256OfFile(join(dir, "down")), sha256, `${size} bytes`);
  }

  const { stdout: listed } = await aws("s3", "ls", "--recursive", "s3://aws-cli");
  const found = listed
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/).slice(2).join(" "));
  t.deepEqual(found.sort(), sizes.map((size) => `${size} files/${size}`).sort());
  const { stdout: folders } = await aws("s3", "ls", "s3://aws-cli");
  t.is(folders.trim(), "PRE files/");

  const largest = Math.max(...sizes);
  const range = await aws(
    "s3api",
    "get-object",
    "--bucket",
    "aws-cli",
    "--key",
    `files/${largest}`,
    "--range",
    "bytes=1000-66999",
    "part",
  );
  t.is(JSON.parse(range.stdout).ContentRange, `bytes 1000-66999/${largest}`);
  t.is((await stat(join(dir, "part"))).size, 66_000);

  const notEmpty = await runProgram("aws", ["--endpoint-url", ready.s3, "s3", "rb", "s3://aws-cli"], { env });
  t.not(notEmpty.code, 0);
  t.regex(notEmpty.stderr, /BucketNotEmpty/);
  await aws("s3", "rm", "--recursive", "s3://aws-cli");
  await aws("s3", "rb", "s3://aws-cli");
  t.false((await aws("s3", "ls")).stdout.includes("aws-cli"));
}
