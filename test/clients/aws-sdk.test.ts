import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  waitUntilBucketExists,
  waitUntilObjectNotExists,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ExecutionContext } from "ava";
import { until } from "../helpers/until.js";
import { type ClientRound, clientTest, MiB, usualSizes } from "./round.js";

/** As it comes: virtual-host style is off since the endpoint is an IP address. */
function clientOf(t: ExecutionContext, { ready }: ClientRound): S3Client {
  const client = new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
  t.teardown(() => client.destroy());
  return client;
}

clientTest({ title: "@aws-sdk/client-s3 and lib-storage, objects" }, async (t, round) => {
  const client = clientOf(t, round);
  const Bucket = "aws-sdk";
  await client.send(new CreateBucketCommand({ Bucket }));
  await waitUntilBucketExists({ client, maxWaitTime: 10 }, { Bucket });
  const keys: string[] = [];
  for (const size of [...usualSizes, 20 * MiB]) {
    const body = randomBytes(size);
    const Key = `folder/${size}.bin`;
    keys.push(Key);
    if (size <= 5 * MiB) await client.send(new PutObjectCommand({ Bucket, Key, Body: body }));
    else await new Upload({ client, params: { Bucket, Key, Body: body } }).done();
    const whole = await client.send(new GetObjectCommand({ Bucket, Key }));
    t.is(sha256(await whole.Body!.transformToByteArray()), sha256(body), `${size} bytes`);
    t.is((await client.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength, size);
    if (size > 100) {
      const part = await client.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=10-99" }));
      t.deepEqual(Buffer.from(await part.Body!.transformToByteArray()), body.subarray(10, 100));
    }
    const reply = await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key })));
    t.is(reply.status, 200);
    t.is(sha256(new Uint8Array(await reply.arrayBuffer())), sha256(body));
  }
  const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "folder/" }));
  t.deepEqual(
    listed.Contents?.map((entry) => entry.Key),
    [...keys].sort(),
  );
  const paged: (string | undefined)[] = [];
  for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) {
    paged.push(...(page.Contents ?? []).map((entry) => entry.Key));
  }
  t.deepEqual(paged, [...keys].sort());
  const missing = client.send(new GetObjectCommand({ Bucket, Key: "missing" }));
  await t.throwsAsync(missing, { name: "NoSuchKey" });
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  await client.send(new DeleteBucketCommand({ Bucket }));
});

clientTest({ title: "@aws-sdk/client-s3 and lib-storage, streams, copies, tags, versions" }, async (t, round) => {
  const client = clientOf(t, round);
  const Bucket = "aws-sdk-more";
  await client.send(new CreateBucketCommand({ Bucket }));

  // A stream of unknown length, in parts; lib-storage sends several at a time.
  const body = randomBytes(12 * MiB + 5);
  const pieces = Array.from({ length: 13 }, (_, i) => body.subarray(i * MiB, (i + 1) * MiB));
  const progress: number[] = [];
  const upload = new Upload({
    client,
    params: { Bucket, Key: "stream", Body: Readable.from(pieces), Metadata: { name: "a b" }, Tagging: "k=v%20w" },
  });
  upload.on("httpUploadProgress", ({ loaded }) => progress.push(loaded ?? 0));
  const { ETag, Location } = await upload.done();
  t.is(Math.max(...progress), body.length);
  t.regex(ETag!, /-3"$/);
  t.true(Location!.endsWith("/aws-sdk-more/stream"), Location);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "stream", ChecksumMode: "ENABLED" }));
  t.deepEqual(head.Metadata, { name: "a b" });
  t.regex(head.ChecksumCRC32 ?? "", /^\S+$/, "the SDK sends CRC32s by default");
  const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: "stream" }));
  t.deepEqual(TagSet, [{ Key: "k", Value: "v w" }]);
  const attributes = { Bucket, Key: "stream", ObjectAttributes: ["ObjectParts", "ObjectSize"] as const };
  const { ObjectParts, ObjectSize } = await client.send(
    new GetObjectAttributesCommand({ ...attributes, ObjectAttributes: [...attributes.ObjectAttributes] }),
  );
  t.deepEqual([ObjectParts?.TotalPartsCount, ObjectSize], [3, body.length]);
  const second = await client.send(new GetObjectCommand({ Bucket, Key: "stream", PartNumber: 2 }));
  t.true(body.subarray(5 * MiB, 10 * MiB).equals(await second.Body!.transformToByteArray()));

  const given = new Upload({ client, params: { Bucket, Key: "given up", Body: Readable.from(endless()) } });
  given.on("httpUploadProgress", () => void given.abort());
  await t.throwsAsync(given.done(), { name: "AbortError" });
  // It tells of the end first, and then aborts.
  await until(async () => (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads === undefined);

  await client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/stream` }));
  const copy = await client.send(new GetObjectCommand({ Bucket, Key: "copy" }));
  t.is(sha256(await copy.Body!.transformToByteArray()), sha256(body));
  const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "put by url" }), { expiresIn: 60 });
  t.is((await fetch(url, { method: "PUT", body: "text" })).status, 200);

  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const put = await client.send(new PutObjectCommand({ Bucket, Key: "v", Body: "1" }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: "v" }));
  await waitUntilObjectNotExists({ client, maxWaitTime: 10 }, { Bucket, Key: "v" });
  const old = await client.send(new GetObjectCommand({ Bucket, Key: "v", VersionId: put.VersionId }));
  t.is(await old.Body!.transformToString(), "1");
  const versions = await client.send(new ListObjectVersionsCommand({ Bucket }));
  const all = [...(versions.Versions ?? []), ...(versions.DeleteMarkers ?? [])];
  t.deepEqual(all.map(({ Key }) => Key).sort(), ["copy", "put by url", "stream", "v", "v"]);
  const Objects = all.map(({ Key, VersionId }) => ({ Key, VersionId }));
  const deleted = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  t.deepEqual([deleted.Deleted?.length, deleted.Errors], [5, undefined]);
  await client.send(new DeleteBucketCommand({ Bucket }));
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(MiB);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
