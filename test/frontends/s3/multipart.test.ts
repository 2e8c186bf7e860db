import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import test, { type ExecutionContext } from "ava";
import { multipartEtag } from "../../../frontends/s3/operations/complete-multipart-upload.js";
import { elementText, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

const MiB = 2 ** 20;
const server = await startS3TestServer({ minPartBytes: 1000 });
const strict = await startS3TestServer({}, { project: server.project });
const s3 = server.client();
test.after.always(() => Promise.all([server.stop(), strict.stop()]));

async function refusal(t: ExecutionContext, call: Promise<unknown>): Promise<string> {
  const error = (await t.throwsAsync(call)) as Error & { $metadata?: { httpStatusCode?: number } };
  return `${error.name} ${error.$metadata?.httpStatusCode}`;
}

let count = 0;
async function newUpload(more: object = {}) {
  const Bucket = `multipart-${++count}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k", ...more }));
  const upload = { Bucket, Key: "k", UploadId };
  const part = async (PartNumber: number, Body: Uint8Array | string) => {
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    return { PartNumber, ETag };
  };
  const complete = (Parts: readonly object[], headers: object = {}) =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [...Parts] }, ...headers }));
  return { Bucket, upload, part, complete };
}

test("puts an object together from its parts", async (t) => {
  const { Bucket, upload, part, complete } = await newUpload({ ContentType: "text/x", Metadata: { a: "1" } });
  const bodies = [randomBytes(2000), randomBytes(1000), randomBytes(10)];
  const parts = [await part(1, bodies[0]!), await part(7, bodies[1]!), await part(10_000, bodies[2]!)];
  t.is(parts[0]?.ETag, `"${createHash("md5").update(bodies[0]!).digest("hex")}"`);
  const { ETag, Location } = await complete(parts);
  t.is((await complete(parts)).ETag, ETag, "asked again, it is still so");
  const md5s = bodies.map((body) => createHash("md5").update(body).digest());
  t.is(ETag, `"${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-3"`);
  t.is(Location, `${server.url}/${Bucket}/k`);
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  t.deepEqual(Buffer.from(await got.Body!.transformToByteArray()), Buffer.concat(bodies));
  t.like(got, { ETag, ContentType: "text/x", Metadata: { a: "1" } });
  t.is(await refusal(t, s3.send(new ListPartsCommand(upload))), "NoSuchUpload 404");
  t.is(await refusal(t, complete(parts.slice(0, 2))), "NoSuchUpload 404");
  const second = await s3.send(new GetObjectCommand({ Bucket, Key: "k", PartNumber: parts[1]!.PartNumber }));
  t.deepEqual(Buffer.from(await second.Body!.transformToByteArray()), bodies[1]);
  t.is(second.PartsCount, parts.length);
  t.is(await refusal(t, s3.send(new GetObjectCommand({ Bucket, Key: "k", PartNumber: 9 }))), "InvalidPartNumber 416");
});

test("parts of uploads that another gateway completed", async (t) => {
  const { Bucket, upload, part } = await newUpload();
  const parts = [await part(2, "first"), await part(5, "second")];
  const etag = multipartEtag(parts.map(({ ETag }) => ({ etag: ETag!.slice(1, -1) })));
  await server.project.commitUpload(Bucket, "k", upload.UploadId!, { etag: Buffer.from(etag) });
  const second = await s3.send(new GetObjectCommand({ Bucket, Key: "k", PartNumber: 5 }));
  t.is(await second.Body!.transformToString(), "second");
  t.like(second, { PartsCount: 2, ContentRange: "bytes 5-10/11", ETag: `"${etag}"` });
  t.like(await s3.send(new HeadObjectCommand({ Bucket, Key: "k", PartNumber: 2 })), {
    ContentLength: 5,
    PartsCount: 2,
  });
  t.is(await refusal(t, s3.send(new GetObjectCommand({ Bucket, Key: "k", PartNumber: 1 }))), "InvalidPartNumber 416");
  const target = new GetObjectAttributesCommand({ Bucket, Key: "k", ObjectAttributes: ["ObjectParts"] });
  t.like((await s3.send(target)).ObjectParts, {
    TotalPartsCount: 2,
    Parts: [
      { PartNumber: 2, Size: 5 },
      { PartNumber: 5, Size: 6 },
    ],
  });
});

test("the ETag of Amazon's documentation", (t) => {
  const etags = ["d8c2eafd90c266e19ab9dcacc479f8af", "d8c2eafd90c266e19ab9dcacc479f8af"].map((etag) => ({ etag }));
  const expected = createHash("md5").update("d8c2eafd90c266e19ab9dcacc479f8af".repeat(2), "hex").digest("hex");
  t.is(multipartEtag(etags), `${expected}-2`);
});

test("refuses lists of parts that are not what was uploaded", async (t) => {
  const { part, complete, upload } = await newUpload();
  const one = await part(1, "x".repeat(1000));
  const two = await part(2, "y".repeat(999));
  const three = await part(3, "z");
  t.is(await refusal(t, complete([one, two, three])), "EntityTooSmall 400");
  t.is(await refusal(t, complete([two, one, three])), "InvalidPartOrder 400");
  t.is(await refusal(t, complete([one, one])), "InvalidPartOrder 400");
  t.is(await refusal(t, complete([one, { PartNumber: 2, ETag: one.ETag }, three])), "InvalidPart 400");
  t.is(await refusal(t, complete([one, { PartNumber: 4, ETag: one.ETag }])), "InvalidPart 400");
  t.is(await refusal(t, complete([one, two])), "InvalidPart 400", "one is missing");
  t.is(await refusal(t, complete([])), "MalformedXML 400");
  await part(2, "y".repeat(1000));
  t.is(await refusal(t, complete([one, two, three])), "InvalidPart 400", "it was uploaded again since");
  const again = await part(2, "y".repeat(1000));
  t.is(await refusal(t, complete([one, again, three], { MpuObjectSize: 5 })), "InvalidRequest 400");
  // This checksum would be the object's, not the document's.
  t.is(await refusal(t, complete([one, two, three], { ChecksumCRC32: "AAAAAA==-3" })), "InvalidPart 400");
  await complete([one, again, three], { MpuObjectSize: 2001, IfNoneMatch: "*" });
  t.is(await refusal(t, s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" }))), "NoSuchUpload 404");
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: upload.Bucket, Key: "k" }));
  const next = { ...upload, UploadId };
  const { ETag } = await s3.send(new UploadPartCommand({ ...next, PartNumber: 1, Body: "x" }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const guarded = new CompleteMultipartUploadCommand({ ...next, MultipartUpload, IfNoneMatch: "*" });
  t.is(await refusal(t, s3.send(guarded)), "PreconditionFailed 412");
});

test("part numbers, upload ids and checksums", async (t) => {
  const { upload, part } = await newUpload();
  const target = (query: string) => `/${upload.Bucket}/k?${query}`;
  for (const number of ["0", "10001", "x", ""]) {
    const query = `partNumber=${number}&uploadId=${upload.UploadId}`;
    const reply = await signedRequest(server.url, { method: "PUT", target: target(query), body: "x" });
    t.is(elementText(reply.body, "Code"), "InvalidArgument", number);
  }
  const unknown = await signedRequest(server.url, {
    method: "PUT",
    target: target("partNumber=1&uploadId=x"),
    body: "x",
  });
  t.is(elementText(unknown.body, "Code"), "NoSuchUpload");
  const wrong = s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x", ChecksumCRC32: "AAAAAA==" }));
  t.is(await refusal(t, wrong), "BadDigest 400");
  const checked = await s3.send(
    new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x", ChecksumAlgorithm: "CRC32C" }),
  );
  t.truthy(checked.ChecksumCRC32C);
  await part(1, "y");
});

test("lists parts and uploads in pages, and aborts", async (t) => {
  const { Bucket, upload, part } = await newUpload();
  for (const number of [1, 2, 3]) await part(number, `part ${number}`);
  const first = await s3.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
  t.deepEqual(
    first.Parts?.map(({ PartNumber }) => PartNumber),
    [1, 2],
  );
  t.like(first, { IsTruncated: true, NextPartNumberMarker: "2", MaxParts: 2, StorageClass: "STANDARD" });
  const rest = await s3.send(new ListPartsCommand({ ...upload, PartNumberMarker: first.NextPartNumberMarker }));
  t.like(rest.Parts?.[0], { PartNumber: 3, Size: 6, ETag: `"${createHash("md5").update("part 3").digest("hex")}"` });
  t.false(rest.IsTruncated);

  for (const Key of ["a/1", "a/2", "b"]) await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const list = async (more: object) => {
    const page = await s3.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    return {
      keys: page.Uploads?.map(({ Key }) => Key) ?? [],
      prefixes: page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [],
      next: page.NextKeyMarker,
    };
  };
  t.deepEqual(await list({}), { keys: ["a/1", "a/2", "b", "k"], prefixes: [], next: undefined });
  t.deepEqual(await list({ Delimiter: "/" }), { keys: ["b", "k"], prefixes: ["a/"], next: undefined });
  t.deepEqual(await list({ Delimiter: "/", MaxUploads: 1 }), { keys: [], prefixes: ["a/"], next: "a/" });
  t.deepEqual(await list({ KeyMarker: "a/1", MaxUploads: 2 }), { keys: ["a/2", "b"], prefixes: [], next: "b" });
  t.deepEqual(await list({ Prefix: "a/" }), { keys: ["a/1", "a/2"], prefixes: [], next: undefined });

  await s3.send(new AbortMultipartUploadCommand(upload));
  t.is(await refusal(t, s3.send(new AbortMultipartUploadCommand(upload))), "NoSuchUpload 404");
  t.deepEqual((await list({})).keys, ["a/1", "a/2", "b"]);
});

test("copies parts from objects", async (t) => {
  const { Bucket, upload, complete } = await newUpload();
  const source = randomBytes(5000);
  await server.project.putObject(Bucket, "src", [source]);
  const copy = (PartNumber: number, CopySourceRange?: string) =>
    s3.send(new UploadPartCopyCommand({ ...upload, PartNumber, CopySource: `${Bucket}/src`, CopySourceRange }));
  const one = await copy(1, "bytes=1000-2999");
  const two = await copy(2);
  t.is(one.CopyPartResult?.ETag, `"${createHash("md5").update(source.subarray(1000, 3000)).digest("hex")}"`);
  t.is(await refusal(t, copy(3, "bytes=0-5000")), "InvalidRange 416");
  t.is(await refusal(t, copy(3, "bytes=5000-6000")), "InvalidRange 416");
  t.is(await refusal(t, copy(3, "bytes=5-")), "InvalidArgument 400");
  t.is(await refusal(t, copy(3, "bytes=5-4")), "InvalidArgument 400");
  await complete([
    { PartNumber: 1, ETag: one.CopyPartResult?.ETag },
    { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
  ]);
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  t.deepEqual(
    Buffer.from(await got.Body!.transformToByteArray()),
    Buffer.concat([source.subarray(1000, 3000), source]),
  );
});

test("lib-storage uploads a stream of unknown length", async (t) => {
  const client = strict.client();
  const Bucket = "multipart-stream";
  await client.send(new CreateBucketCommand({ Bucket }));
  const data = randomBytes(11 * MiB);
  const Body = Readable.from(
    (function* () {
      for (let at = 0; at < data.length; at += 100_000) yield data.subarray(at, at + 100_000);
    })(),
  );
  const done = await new Upload({ client, params: { Bucket, Key: "k", Body } }).done();
  t.regex(done.ETag ?? "", /^"[0-9a-f]{32}-3"$/);
  const got = await client.send(new GetObjectCommand({ Bucket, Key: "k" }));
  t.true(data.equals(Buffer.from(await got.Body!.transformToByteArray())));
  t.is((await client.send(new HeadObjectCommand({ Bucket, Key: "k" }))).ContentLength, data.length);
});
