import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { posternEntry, runningCommand } from "../helpers/postern-command.js";
import { mustRun } from "../helpers/run-program.js";
import { startTempServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";

interface Keys {
  readonly access_key_id: string;
  readonly secret_key: string;
}

function clientOf(t: ExecutionContext, endpoint: string, keys: Keys): S3Client {
  const credentials = { accessKeyId: keys.access_key_id, secretAccessKey: keys.secret_key };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
  t.teardown(() => client.destroy());
  return client;
}

test("two gateways with one auth service are one to clients, and learn of its changes", async (t) => {
  t.timeout(240_000);
  const network = await startTempServer();
  t.teardown(() => network.close());
  const dirs = await Promise.all([tempDir(), tempDir(), tempDir(), tempDir()]);
  for (const dir of dirs) t.teardown(dir.remove);
  const authFlags = ["--data-dir", dirs[0].path];
  const auth = await runningCommand(t, [
    ...["auth", "--ephemeral", ...authFlags, "--satellite", network.ready.satellite],
    ...["--endpoint", "https://s3.example", "--auth-token", "token"],
  ]);
  const gateway = (dir: string, token: string) =>
    runningCommand(t, [
      ...["gateway", "--auth-url", auth.url, "--auth-token", token, "--data-dir", dir, "--s3-port", "0"],
      ...["--set", "s3.accessCacheMs=1000", "--log-level", "silent"],
    ]);
  const [first, second, stranger] = await Promise.all([
    gateway(dirs[1].path, "token"),
    gateway(dirs[2].path, "token"),
    gateway(dirs[3].path, "wrong token"),
  ]);
  const register = async (): Promise<Keys> => {
    const body = JSON.stringify({ access_grant: network.ready.accessGrant });
    return (await (await fetch(`${auth.url}/v1/access`, { method: "POST", body })).json()) as Keys;
  };
  const [keys, others] = [await register(), await register()];
  const [a, b] = [clientOf(t, first.url, keys), clientOf(t, second.url, keys)];

  const Bucket = "two-gateways";
  await a.send(new CreateBucketCommand({ Bucket }));
  await b.send(new PutObjectCommand({ Bucket, Key: "k", Body: "text", Metadata: { by: "b" } }));
  const read = await a.send(new GetObjectCommand({ Bucket, Key: "k" }));
  t.deepEqual([await read.Body!.transformToString(), read.Metadata], ["text", { by: "b" }]);

  // Begun at one, parts at both, listed at one, completed at the other.
  const upload = { Bucket, Key: "parts" };
  const { UploadId } = await a.send(new CreateMultipartUploadCommand(upload));
  const bodies = [Buffer.alloc(5 * 2 ** 20, "1"), Buffer.from("the end")];
  const parts = await Promise.all(
    [a, b].map(async (client, i) => {
      const PartNumber = i + 1;
      const part = { ...upload, UploadId, PartNumber, Body: bodies[i] };
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
      return { PartNumber, ETag, ChecksumCRC32 };
    }),
  );
  const listed = await a.send(new ListPartsCommand({ ...upload, UploadId }));
  t.deepEqual(
    listed.Parts?.map(({ ETag, Size }) => [ETag, Size]),
    parts.map(({ ETag }, i) => [ETag, bodies[i]!.length]),
  );
  await b.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: parts } }));
  const whole = await a.send(new GetObjectCommand(upload));
  t.true(Buffer.concat(bodies).equals(await whole.Body!.transformToByteArray()));

  const head = (client: S3Client) => client.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  const status = (client: S3Client) =>
    head(client).then(
      () => 200,
      ({ $metadata }: { $metadata: { httpStatusCode?: number } }) => $metadata.httpStatusCode,
    );
  t.is(await status(clientOf(t, stranger.url, keys)), 500, "the auth service does not know that gateway");

  const invalidate = ["auth", "records", "invalidate", keys.access_key_id, "--reason", "leaked", ...authFlags];
  await mustRun(process.execPath, [posternEntry, ...invalidate]);
  for (const client of [a, b]) await until(async () => (await status(client)) === 403);
  const other = clientOf(t, second.url, others);
  await head(other);
  await mustRun(process.execPath, [posternEntry, "auth", "records", "delete", others.access_key_id, ...authFlags]);
  await until(async () => (await status(other)) === 403);

  // Without the auth service, what is not remembered can not be told; nobody is let in.
  const late = await register();
  await auth.stop();
  t.is(await status(clientOf(t, first.url, late)), 503);
});
