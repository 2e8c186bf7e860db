import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test from "ava";
import { parseGrant } from "../../core/access/grant.js";
import { parseAccessKeyId } from "../../core/auth/access-key.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

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
  const registered = (await (
    await fetch(`${ready.authHttp}/v1/access`, {
      method: "POST",
      body: JSON.stringify({ access_grant: ready.accessGrant, public: true }),
    })
  ).json()) as { access_key_id: string; secret_key: string };
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
  // What fails is what gets logged: a wrong signature, a grant that is none, a key id that is unknown, and no service.
  t.is((await fetch(presigned.replace(/.$/, (last) => (last === "0" ? "1" : "0")))).status, 403);
  const brokenGrant = `${ready.accessGrant.slice(0, -1)}`;
  const refused = await fetch(`${ready.authHttp}/v1/access`, {
    method: "POST",
    body: JSON.stringify({ access_grant: brokenGrant }),
  });
  t.is(refused.status, 400);
  const resolve = (id: string, token: string) =>
    fetch(`${ready.authHttp}/v1/access/${id}`, { headers: { authorization: `Bearer ${token}` } });
  t.is((await resolve(registered.access_key_id, ready.authToken!)).status, 200);
  t.is((await resolve(registered.access_key_id, `${ready.authToken}x`)).status, 401);
  client.destroy();

  const grant = parseGrant(ready.accessGrant);
  const secrets: [string, Uint8Array | string][] = [
    ["access grant", ready.accessGrant],
    ["most of the access grant", brokenGrant],
    ["signature", new URL(presigned).searchParams.get("X-Amz-Signature")!],
    ["API key tail", grant.apiKey.tail],
    ["root key", grant.encryption.defaultKey!],
    ["access key id", ready.accessKeyId],
    ["access key", parseAccessKeyId(ready.accessKeyId)],
    ["secret key", ready.secretKey],
    ["registered access key id", registered.access_key_id],
    ["registered access key", parseAccessKeyId(registered.access_key_id)],
    ["registered secret key", registered.secret_key],
    ["auth token", ready.authToken!],
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
  const shown = new Set(["access key id", "secret key"]);
  t.true(Buffer.concat(output.stdout).includes("Postern is ready."));
  for (const [name, secret] of secrets) {
    const bytes = bytesOf(secret);
    if (!shown.has(name)) t.false(Buffer.concat(output.stdout).includes(bytes), `stdout holds the ${name}`);
    t.false(Buffer.concat(output.stderr).includes(bytes), `stderr holds the ${name}`);
  }
});

function bytesOf(secret: Uint8Array | string): Buffer {
  return typeof secret === "string" ? Buffer.from(secret) : Buffer.from(secret);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !keepers.has(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
