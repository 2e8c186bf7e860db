import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { repositoryRoot } from "../../helpers/root.js";
import { startS3TestServer, testCredentials } from "../../helpers/s3-server.js";

/** Clients in Python, where the machine has them. */
const run = promisify(execFile);
const hasBoto3 = spawnSync("python3", ["-c", "import boto3"]).status === 0;
const hasCli = spawnSync("aws", ["--version"]).status === 0;

const server = await startS3TestServer();
const folder = await mkdtemp(join(tmpdir(), "postern-s3-"));
test.after.always(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = {
  PATH: process.env["PATH"],
  HOME: folder,
  AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_ENDPOINT_URL: server.url,
  AWS_EC2_METADATA_DISABLED: "true",
};

(hasBoto3 ? test : test.skip)("boto3", async (t) => {
  const path = join(folder, "boto3.bin");
  await writeFile(path, randomBytes(12 * 2 ** 20));
  const script = join(repositoryRoot, "test/frontends/s3/boto3-check.py");
  const { stdout } = await run("python3", [script, server.url, path], { env: environment });
  t.is(stdout, "ok\n");
});

(hasCli ? test : test.skip)("aws-cli", async (t) => {
  const aws = async (...args: string[]) => (await run("aws", ["s3", ...args], { env: environment })).stdout;
  const large = randomBytes(9 * 2 ** 20);
  await writeFile(join(folder, "large"), large);
  await aws("mb", "s3://cli-bucket");
  await aws("cp", "--no-progress", join(folder, "large"), "s3://cli-bucket/a b/large");
  t.regex(await aws("ls", "s3://cli-bucket/a b/"), / 9437184 large\n$/);
  await aws("cp", "--no-progress", "s3://cli-bucket/a b/large", join(folder, "back"));
  t.true(large.equals(await readFile(join(folder, "back"))));
  await aws("rb", "--force", "s3://cli-bucket");
});
