import { existsSync, readdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test from "ava";
import type { ReadyFile } from "../../bin/ready-file.js";
import { parseGrant } from "../../core/access/grant.js";
import { parseAccessKeyId } from "../../core/auth/access-key.js";
import { knexGrantStore } from "../../store/knex/grant-store.js";
import { openGrantDatabase } from "../../store/knex/open.js";
import { postgresMissing, postgresSchema } from "../helpers/postgres.js";
import { hasProgram, mustRun } from "../helpers/run-program.js";
import { type SecretTarget, secretBytes, secretRequests } from "../helpers/secret-requests.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

const missing = (await postgresMissing()) ?? (pgDump() === undefined ? "pg_dump is not installed" : undefined);
const onPostgres = missing === undefined ? test : test.skip;

/** The files whose purpose is to hold these secrets for their owner. */
const keepers: ReadonlySet<string> = new Set(["credentials.json", "ready.json", "auth-token.json"]);

test("no file outside the owner's own holds anything that opens a grant or an object", async (t) => {
  t.timeout(120_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const server = await startServer({
    dataDir: dir.path,
    args: ["--log-level", "debug"],
    onOutput: (stream, chunk) => output[stream].push(chunk),
  });
  t.teardown(() => server.stop());
  const { ready } = server;
  const client = new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
  const { secrets: sent, outcomes } = await secretRequests(targetOf(ready));
  t.deepEqual(outcomes, expectedOutcomes);
  const Bucket = "secrets";
  const marker = "plain text that must be encrypted ".repeat(2_000);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutObjectCommand({ Bucket, Key: "hidden-key-name", Body: marker, Metadata: { m: "hidden-value" } }),
  );
  await client.send(new PutObjectCommand({ Bucket, Key: "hidden-small-name", Body: "hidden-inline-text" }));
  const read = await client.send(new GetObjectCommand({ Bucket, Key: "hidden-key-name" }));
  t.is(await read.Body!.transformToString(), marker);
  const presigned = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "hidden-key-name" }));
  t.is(await (await fetch(presigned)).text(), marker);
  t.is((await fetch(presigned.replace(/.$/, (last) => (last === "0" ? "1" : "0")))).status, 403);
  client.destroy();

  const secrets: [string, Uint8Array | string][] = [
    ...sent.map(({ name, value }): [string, Uint8Array | string] => [name, value]),
    ["presigned signature", new URL(presigned).searchParams.get("X-Amz-Signature")!],
    ["first access key id", ready.accessKeyId],
    ["first access key", parseAccessKeyId(ready.accessKeyId)],
    ["first secret key", ready.secretKey],
    ["object key", "hidden-key-name"],
    ["small object's key", "hidden-small-name"],
    ["metadata", "hidden-value"],
    ["content", "plain text that must be encrypted"],
    ["inline content", "hidden-inline-text"],
  ];
  // While it runs, and with everything that is written at the end.
  for (const stop of [async () => undefined, () => server.stop()]) {
    await stop();
    const files = await filesBelow(dir.path);
    t.true(files.some((file) => file.endsWith("auth.db")));
    t.true(files.some((file) => file.endsWith("satellite.db")));
    t.true(files.length > 20);
    for (const file of files) {
      const bytes = await readFile(file);
      for (const [name, secret] of secrets) t.false(bytes.includes(bytesOf(secret)), `${file} holds the ${name}`);
    }
  }
  // The credentials that it shows to who starts it are the one exception.
  const shown = new Set(["first access key id", "first secret key"]);
  t.true(Buffer.concat(output.stdout).includes("Postern is ready."));
  for (const [name, secret] of secrets) {
    const bytes = bytesOf(secret);
    if (!shown.has(name)) t.false(Buffer.concat(output.stdout).includes(bytes), `stdout holds the ${name}`);
    t.false(Buffer.concat(output.stderr).includes(bytes), `stderr holds the ${name}`);
  }
});

onPostgres(
  `no dump of PostgreSQL holds any, nor does the log${missing === undefined ? "" : ` (${missing})`}`,
  async (t) => {
    t.timeout(120_000);
    const dir = await tempDir();
    t.teardown(dir.remove);
    const url = await postgresSchema(t);
    const output: Buffer[] = [];
    const server = await startServer({
      dataDir: dir.path,
      args: ["--log-level", "debug", "--auth-database", url, "--project-info"],
      onOutput: (stream, chunk) => stream === "stderr" && output.push(chunk),
    });
    t.teardown(() => server.stop());
    const { secrets, outcomes } = await secretRequests(targetOf(server.ready));
    t.deepEqual(outcomes, expectedOutcomes);
    const { head } = parseGrant(server.ready.accessGrant).apiKey;
    const db = await openGrantDatabase(url);
    const kept = await knexGrantStore(db).find({ macaroonHead: head }, 10);
    await db.destroy();
    t.true(
      kept.length > 2 && kept.every(({ publicProjectId }) => publicProjectId?.length === 16),
      "the satellite was asked",
    );
    const schema = /search_path%3D(\w+)/.exec(url)![1]!;
    const { stdout: dump } = await mustRun(pgDump()!, ["--schema", schema, url]);
    // Bytes are hexadecimal there. The head of the macaroon is kept as it is, so that the search is known to work.
    t.true(dump.includes(Buffer.from(head).toString("hex")));
    const log = Buffer.concat(output);
    for (const secret of secrets) {
      const bytes = secretBytes(secret);
      for (const text of [bytes.toString("latin1"), bytes.toString("hex"), bytes.toString("base64")]) {
        t.false(dump.includes(text), `the dump holds the ${secret.name}`);
      }
      t.false(log.includes(bytes), `the log holds the ${secret.name}`);
    }
  },
);

function pgDump(): string | undefined {
  const folder = "/usr/lib/postgresql";
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  const programs = ["pg_dump", ...versions.map((version) => join(folder, version, "bin", "pg_dump"))];
  return programs.findLast((program) => hasProgram(program));
}

function targetOf(ready: ReadyFile): SecretTarget {
  const { s3, authHttp, authGrpc, authDrpc, authToken, accessGrant, linksharing } = ready;
  return {
    linksharing,
    s3,
    authHttp: authHttp!,
    authGrpc: authGrpc!,
    authDrpc: authDrpc!,
    authToken: authToken!,
    accessGrant,
  };
}

/** What fails is what gets logged: so all that is meant to fail must do so. */
const expectedOutcomes = {
  "http good": 200,
  "http broken": 400,
  "http long": 413,
  "http no JSON": 422,
  "http unknown tag": 400,
  "look up good": 200,
  "look up wrong token": 401,
  "look up unknown": 401,
  "look up malformed": 400,
  "gRPC good": 0,
  "gRPC broken": 3,
  "gRPC long": 3,
  "DRPC good": 0,
  "DRPC broken": 3,
  "DRPC long": 3,
  "S3 good": 200,
  "S3 wrong secret": 403,
  "S3 unknown key": 403,
  "S3 malformed authorization": 400,
  "S3 unsigned header": 403,
  "S3 V2 good": 200,
  "S3 V2 wrong": 403,
  "S3 presigned good": 404,
  "S3 presigned wrong": 403,
  "S3 form good": 404,
  "S3 form wrong": 403,
  "raw public": 404,
  "s public": 404,
  "raw private": 403,
  "s private": 403,
  "raw unknown": 401,
  "s unknown": 401,
};

function bytesOf(secret: Uint8Array | string): Buffer {
  return typeof secret === "string" ? Buffer.from(secret) : Buffer.from(secret);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !keepers.has(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
