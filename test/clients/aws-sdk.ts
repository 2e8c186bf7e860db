import { createHash, randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ExecutionContext } from "ava";
import type { ClientRound } from "./round.js";

/** @aws-sdk/client-s3 and lib-storage as they come: virtual-host style is off since the endpoint is an IP address. */
export async function awsSdkRound(t: ExecutionContext, { ready, sizes }: ClientRound): Promise<void> {
  const client = new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
  t.teardown(() => client.destroy());
  const Bucket = "aws-sdk";
  await client.send(new CreateBucketCommand({ Bucket }));
  const keys: string[] = [];
  for (const size of sizes) {
    const body = randomBytes(size);
    const Key = `folder/${size}.bin`;
    keys.push(Key);
    if (size <= 5 * 1024 * 1024) await client.send(new PutObjectCommand({ Bucket, Key, Body: body }));
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
  const missing = client.send(new GetObjectCommand({ Bucket, Key: "missing" }));
  await t.throwsAsync(missing, { name: "NoSuchKey" });
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  await client.send(new DeleteBucketCommand({ Bucket }));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
