import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import test from "ava";
import { createChecksum } from "../../../frontends/s3/payload/checksum.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

const server = await startS3TestServer();
const s3 = server.client();
test.before(async () => {
  await server.project.createBucket("bucket");
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "source", Body: "hello" }));
});
test.after.always(() => server.stop());

async function sumOf(algorithm: "CRC32" | "SHA256" | "CRC64NVME", text: string): Promise<string> {
  const digest = await createChecksum(algorithm);
  digest.update(Buffer.from(text));
  return digest.digest().toString("base64");
}

const source = { Bucket: "bucket", CopySource: "bucket/source" };

test("a copy has the checksum of its source, or the one that was asked for", async (t) => {
  const same = await s3.send(new CopyObjectCommand({ ...source, Key: "same" }));
  t.is(same.CopyObjectResult?.ChecksumCRC32, await sumOf("CRC32", "hello"));
  const other = await s3.send(new CopyObjectCommand({ ...source, Key: "other", ChecksumAlgorithm: "SHA256" }));
  t.like(other.CopyObjectResult, { ChecksumSHA256: await sumOf("SHA256", "hello"), ChecksumType: "FULL_OBJECT" });
  t.is(other.CopyObjectResult?.ChecksumCRC32, undefined);
  t.is(other.CopyObjectResult?.ETag, same.CopyObjectResult?.ETag);
  const told = await s3.send(new HeadObjectCommand({ Bucket: "bucket", Key: "other", ChecksumMode: "ENABLED" }));
  t.is(told.ChecksumSHA256, other.CopyObjectResult?.ChecksumSHA256);
});

test("copied parts have the checksum that the upload was begun with", async (t) => {
  const upload = { Bucket: "bucket", Key: "parts" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: "CRC64NVME" }));
  const part = { ...upload, UploadId, PartNumber: 1 };
  const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...part, CopySource: "bucket/source" }));
  const sum = await sumOf("CRC64NVME", "hello");
  t.is(CopyPartResult?.ChecksumCRC64NVME, sum);
  const kind = { ChecksumAlgorithm: "CRC64NVME", ChecksumType: "FULL_OBJECT" };
  const listed = await s3.send(new ListPartsCommand({ ...upload, UploadId }));
  t.like(listed, { ...kind, Parts: { 0: { ChecksumCRC64NVME: sum } } });
  const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: "bucket" }));
  t.like(
    Uploads?.find((each) => each.UploadId === UploadId),
    { ChecksumType: "FULL_OBJECT" },
  );
  const { ETag } = CopyPartResult ?? {};
  const Parts = [{ PartNumber: 1, ETag, ChecksumCRC64NVME: sum }];
  const done = await s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
  t.is(done.ChecksumCRC64NVME, sum);
});

test("an object can be copied onto itself when that changes something, or brings back a version", async (t) => {
  const itself = { Bucket: "bucket", Key: "source", CopySource: "bucket/source" };
  const error = (await t.throwsAsync(s3.send(new CopyObjectCommand(itself)))) as Error;
  t.is(error.name, "InvalidRequest");
  await s3.send(new CopyObjectCommand({ ...itself, CopySource: `bucket/source?versionId=${"0".repeat(32)}` }));
  await s3.send(new CopyObjectCommand({ ...itself, ChecksumAlgorithm: "CRC32" }));
});
