import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test, { type ExecutionContext } from "ava";
import type { Project } from "../../../core/index.js";
import { signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

const server = await startS3TestServer({ baseDomains: ["localhost"] });
const s3 = server.client();
test.after.always(() => server.stop());

let count = 0;
async function newBucket(): Promise<string> {
  const bucket = `objects-${++count}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return bucket;
}

function md5(data: string | Uint8Array): string {
  return createHash("md5").update(data).digest("hex");
}

async function refusal(t: ExecutionContext, call: Promise<unknown>): Promise<string> {
  const error = (await t.throwsAsync(call)) as Error & { $metadata?: { httpStatusCode?: number } };
  return `${error.name} ${error.$metadata?.httpStatusCode}`;
}

async function text(client: S3Client, bucket: string, key: string, more: object = {}): Promise<string> {
  const reply = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }));
  return (await reply.Body?.transformToString()) ?? "";
}

/** What the core was given, to see the custom metadata as Storj's Go gateways would. */
async function stored(project: Project, bucket: string, key: string) {
  const info = await project.headObject(bucket, key);
  // With the checksum that clients send by default.
  const { "s3:checksum": _, ...custom } = info.custom;
  return { custom, etag: Buffer.from(info.etag ?? []).toString() };
}

test("puts, gets, heads and deletes", async (t) => {
  const Bucket = await newBucket();
  const Body = randomBytes(300_000);
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: "a/b", Body }));
  t.is(put.ETag, `"${md5(Body)}"`);
  t.truthy(put.ChecksumCRC32, "the SDK's default checksum comes back");
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a/b" }));
  t.deepEqual(Buffer.from(await got.Body!.transformToByteArray()), Body);
  t.is(got.ContentType, "application/octet-stream");
  t.is(got.AcceptRanges, "bytes");
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "a/b" }));
  t.is(head.ContentLength, 300_000);
  t.is(head.ETag, put.ETag);
  t.true(Math.abs(head.LastModified!.getTime() - Date.now()) < 60_000);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "a/b" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "a/b" }));
  t.is(await refusal(t, s3.send(new DeleteObjectCommand({ Bucket: "not-there", Key: "a" }))), "NoSuchBucket 404");
  t.is(await refusal(t, s3.send(new GetObjectCommand({ Bucket, Key: "a/b" }))), "NoSuchKey 404");
  t.is(await refusal(t, s3.send(new HeadObjectCommand({ Bucket, Key: "a/b" }))), "NotFound 404");
  t.is(await refusal(t, s3.send(new GetObjectCommand({ Bucket: "not-there", Key: "a" }))), "NoSuchBucket 404");
  t.is(
    await refusal(t, s3.send(new PutObjectCommand({ Bucket: "not-there", Key: "a", Body: "x" }))),
    "NoSuchBucket 404",
  );
});

test("takes streams, empty bodies and every checksum", async (t) => {
  const Bucket = await newBucket();
  const data = randomBytes(200_000);
  await s3.send(
    new PutObjectCommand({ Bucket, Key: "stream", Body: Readable.from([data]), ContentLength: data.length }),
  );
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "stream" }));
  t.deepEqual(Buffer.from(await got.Body!.transformToByteArray()), data);
  t.deepEqual((await stored(server.project, Bucket, "stream")).custom, { "content-type": "application/octet-stream" });
  const empty = await s3.send(new PutObjectCommand({ Bucket, Key: "empty", Body: "" }));
  t.is(empty.ETag, '"d41d8cd98f00b204e9800998ecf8427e"');
  t.is(await text(s3, Bucket, "empty"), "");
  for (const algorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"] as const) {
    const Body = Readable.from([Buffer.from("hello "), Buffer.from("world")]);
    const streamed = await s3.send(
      new PutObjectCommand({ Bucket, Key: "sum", Body, ContentLength: 11, ChecksumAlgorithm: algorithm }),
    );
    const whole = await s3.send(
      new PutObjectCommand({ Bucket, Key: "sum", Body: "hello world", ChecksumAlgorithm: algorithm }),
    );
    t.truthy(whole[`Checksum${algorithm}`]);
    t.is(streamed[`Checksum${algorithm}`], whole[`Checksum${algorithm}`]);
  }
});

test("refuses bodies that are not what was promised", async (t) => {
  const Bucket = await newBucket();
  const put = (more: object) => refusal(t, s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "hello", ...more })));
  t.is(await put({ ContentMD5: "XUFAKrxLKna5cZ2REBfFkh==" }), "InvalidDigest 400");
  t.is(await put({ ContentMD5: Buffer.alloc(16).toString("base64") }), "BadDigest 400");
  t.is(await put({ ChecksumCRC32: "AAAAAA==" }), "BadDigest 400");
  t.is(await put({ ChecksumCRC32: "AAAA" }), "InvalidRequest 400");
  t.is(await put({ ChecksumSHA256: Buffer.alloc(32).toString("base64") }), "BadDigest 400");
  const target = `/${Bucket}/k`;
  const other = await signedRequest(server.url, { method: "PUT", target, body: "hello", payloadHash: "0".repeat(64) });
  t.regex(other.body, /<Code>XAmzContentSHA256Mismatch</);
  const nameless = await signedRequest(server.url, { method: "PUT", target, body: "hello", payloadHash: "SOMETHING" });
  t.regex(nameless.body, /<Code>InvalidArgument</);
  t.is(await refusal(t, s3.send(new GetObjectCommand({ Bucket, Key: "k" }))), "NoSuchKey 404", "nothing was stored");
});

test("keeps headers and metadata under the names of Storj's gateways", async (t) => {
  const Bucket = await newBucket();
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: "k",
      Body: "hello",
      ContentType: "text/plain; charset=utf-8",
      CacheControl: "no-cache",
      ContentDisposition: 'attachment; filename="x"',
      ContentEncoding: "gzip",
      ContentLanguage: "de",
      Expires: new Date("2030-01-02T03:04:05Z"),
      Metadata: { "my_KEY-id": "some value", other: "" },
      Tagging: "a=1&b=x%20y",
    }),
  );
  t.deepEqual(await stored(server.project, Bucket, "k"), {
    custom: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-cache",
      "content-disposition": 'attachment; filename="x"',
      "content-encoding": "gzip",
      "content-language": "de",
      expires: "Wed, 02 Jan 2030 03:04:05 GMT",
      "X-Amz-Meta-My_key-Id": "some value",
      "X-Amz-Meta-Other": "",
      "s3:tags": "a=1&b=x%20y",
    },
    etag: md5("hello"),
  });
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  t.like(head, {
    ContentType: "text/plain; charset=utf-8",
    CacheControl: "no-cache",
    ContentDisposition: 'attachment; filename="x"',
    ContentEncoding: "gzip",
    ContentLanguage: "de",
    ExpiresString: "Wed, 02 Jan 2030 03:04:05 GMT",
    Metadata: { "my_key-id": "some value", other: "" },
    TagCount: 2,
  });
  await signedRequest(server.url, { method: "PUT", target: `/${Bucket}/plain`, body: "hello" });
  t.deepEqual((await stored(server.project, Bucket, "plain")).custom, { "content-type": "binary/octet-stream" });
  const utf8 = { "x-amz-meta-name": Buffer.from("Grüße").toString("latin1") };
  await signedRequest(server.url, { method: "PUT", target: `/${Bucket}/utf8`, body: "x", headers: utf8 }).then(
    (reply) => {
      // The SDK's signer hashes such text as UTF-8 once more, so only an unsigned copy can be wrong here.
      t.true([200, 403].includes(reply.status));
    },
  );
});

test("refuses too much metadata and what is not there", async (t) => {
  const Bucket = await newBucket();
  const put = (more: object) => refusal(t, s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x", ...more })));
  t.is(await put({ Metadata: { a: "x".repeat(2048) } }), "MetadataTooLarge 400");
  t.is(await put({ Tagging: Array.from({ length: 11 }, (_, i) => `k${i}=v`).join("&") }), "InvalidTag 400");
  t.is(await put({ Tagging: `${"k".repeat(129)}=v` }), "InvalidTag 400");
  t.is(await put({ StorageClass: "GLACIER" }), "InvalidStorageClass 400");
  t.is(await put({ ServerSideEncryption: "aws:kms" }), "NotImplemented 501");
  t.is(await put({ WebsiteRedirectLocation: "x" }), "InvalidRedirectLocation 400");
  t.is(await put({ ObjectLockLegalHoldStatus: "x" }), "InvalidArgument 400");
  t.is(await put({ Metadata: { "object-expires": "tomorrow" } }), "InvalidTTL 400");
  await s3.send(
    new PutObjectCommand({ Bucket, Key: "k", Body: "x", Metadata: { a: "x".repeat(2047) }, ACL: "public-read" }),
  );
  await s3.send(new PutObjectCommand({ Bucket, Key: "t", Body: "x", Metadata: { "object-expires": "+1h" } }));
  const { expiresAt } = await server.project.headObject(Bucket, "t");
  t.true(Math.abs(expiresAt!.getTime() - Date.now() - 3_600_000) < 60_000);
});

test("presents objects that no S3 client wrote", async (t) => {
  const Bucket = await newBucket();
  const { project } = server;
  await project.putObject(Bucket, "cli", [Buffer.from("hello")], {
    custom: { foo: "bar", "Set-Cookie": "x=1" },
  });
  const listed = await s3.send(new ListObjectsCommand({ Bucket }));
  const etag = listed.Contents?.[0]?.ETag;
  t.regex(etag ?? "", /^"[0-9a-f]{32}-0"$/);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "cli" }));
  t.like(head, { ETag: etag, ContentType: "binary/octet-stream", Metadata: { foo: "bar", "set-cookie": "x=1" } });
  t.is(await text(s3, Bucket, "cli", { IfMatch: etag }), "hello");
  await project.putObject(Bucket, "old", [Buffer.from("hello")], {
    custom: { "s3:etag": "5d41402abc4b2a76b9719d911017c592", "Content-Type": "text/x" },
  });
  t.like(await s3.send(new HeadObjectCommand({ Bucket, Key: "old" })), {
    ETag: '"5d41402abc4b2a76b9719d911017c592"',
    ContentType: "text/x",
  });
  await project.putObject(Bucket, "bad", [], {
    custom: { "X-Amz-Meta-Line": "a\r\nSet-Cookie: x=1", "cache-control": "ü" },
  });
  const bad = await signedRequest(server.url, { method: "HEAD", target: `/${Bucket}/bad` });
  t.is(bad.headers["set-cookie"], undefined);
  t.is(bad.headers["x-amz-meta-line"], "=?UTF-8?B?YQ0KU2V0LUNvb2tpZTogeD0x?=");
  t.is(Buffer.from(bad.headers["cache-control"]!, "latin1").toString(), "ü");
});

test("ranges and conditions", async (t) => {
  const Bucket = await newBucket();
  const Key = "k";
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "0123456789" }));
  const range = async (Range: string) => {
    const reply = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
    return `${reply.$metadata.httpStatusCode} ${reply.ContentRange} ${await reply.Body!.transformToString()}`;
  };
  t.is(await range("bytes=2-4"), "206 bytes 2-4/10 234");
  t.is(await range("bytes=7-"), "206 bytes 7-9/10 789");
  t.is(await range("bytes=7-99"), "206 bytes 7-9/10 789");
  t.is(await range("bytes=-2"), "206 bytes 8-9/10 89");
  t.is(await range("bytes=0-1,3-4"), "200 undefined 0123456789");
  t.is(await refusal(t, range("bytes=10-")), "InvalidRange 416");
  const beyond = await signedRequest(server.url, { target: `/${Bucket}/${Key}`, headers: { range: "bytes=10-" } });
  t.is(beyond.headers["content-range"], "bytes */10");
  t.regex(beyond.body, /<ActualObjectSize>10<.*|<RangeRequested>bytes=10-</);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key, Range: "bytes=-2" }));
  t.like(head, { ContentLength: 2, ContentRange: "bytes 8-9/10" });

  const get = (more: object) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  const future = new Date(Date.now() + 100_000);
  t.is(await refusal(t, get({ IfMatch: '"x"' })), "PreconditionFailed 412");
  t.is(await refusal(t, get({ IfNoneMatch: ETag })), "Unknown 304");
  t.is(await refusal(t, get({ IfModifiedSince: future })), "Unknown 304");
  t.is(await refusal(t, get({ IfUnmodifiedSince: new Date(1000) })), "PreconditionFailed 412");
  t.is(await refusal(t, get({ IfMatch: '"x"', Range: "bytes=10-" })), "PreconditionFailed 412");
  t.is(await text(s3, Bucket, Key, { IfMatch: ETag, IfNoneMatch: '"x"' }), "0123456789");
  const unchanged = await signedRequest(server.url, {
    target: `/${Bucket}/${Key}`,
    headers: { "if-none-match": ETag! },
  });
  t.is(unchanged.headers.etag, ETag);
  t.is(unchanged.body, "");
  const ifRange = async (value: string) =>
    (
      await signedRequest(server.url, {
        target: `/${Bucket}/${Key}`,
        headers: { range: "bytes=0-0", "if-range": value },
      })
    ).body;
  t.is(await ifRange(ETag!), "0");
  t.is(await ifRange('"x"'), "0123456789");
  t.is(await text(s3, Bucket, Key, { PartNumber: 1 }), "0123456789");
  t.is(await refusal(t, get({ PartNumber: 2 })), "InvalidPartNumber 416");
  t.is(await refusal(t, get({ VersionId: "abc" })), "InvalidArgument 400");
  t.is(await text(s3, Bucket, Key, { VersionId: "null" }), "0123456789");
});

test("writes on condition", async (t) => {
  const Bucket = await newBucket();
  const put = (Key: string, Body: string, more: object) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const { ETag } = await put("k", "one", { IfNoneMatch: "*" });
  t.is(await refusal(t, put("k", "two", { IfNoneMatch: "*" })), "PreconditionFailed 412");
  t.is(await refusal(t, put("k", "two", { IfNoneMatch: ETag })), "PreconditionFailed 412");
  t.is(await refusal(t, put("k", "two", { IfMatch: '"x"' })), "PreconditionFailed 412");
  t.is(await refusal(t, put("new", "two", { IfMatch: ETag })), "NoSuchKey 404");
  await put("k", "two", { IfMatch: ETag });
  t.is(await text(s3, Bucket, "k"), "two");
});

test("response headers as the signer wants them", async (t) => {
  const Bucket = await newBucket();
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  const reply = await s3.send(
    new GetObjectCommand({
      Bucket,
      Key: "k",
      ResponseContentType: "text/html",
      ResponseContentDisposition: "attachment",
    }),
  );
  t.like(reply, { ContentType: "text/html", ContentDisposition: "attachment" });
  const split = await signedRequest(server.url, { target: `/${Bucket}/k?response-expires=a%0D%0Ax%3A%20y` });
  t.is(split.status, 400);
});

test("presigned URLs for reading and writing", async (t) => {
  const Bucket = await newBucket();
  const Key = "pre signed/ä+&.txt";
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key, Metadata: { a: "b" } }), { expiresIn: 60 });
  const written = await fetch(put, { method: "PUT", body: "hello" });
  t.is(written.status, 200, await written.text());
  t.is((await stored(server.project, Bucket, Key)).custom["x-amz-meta-a"], "b");
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  t.is(await (await fetch(get)).text(), "hello");
  t.is((await fetch(get.replace(/.$/, (last) => (last === "0" ? "1" : "0")))).status, 403);
  t.is((await fetch(get, { method: "HEAD" })).status, 403);
  const gone = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), {
    expiresIn: 1,
    signingDate: new Date(Date.now() - 5000),
  });
  t.regex(await (await fetch(gone)).text(), /<Message>Request has expired</);
});

test("keys as they are", async (t) => {
  const Bucket = await newBucket();
  const keys = [
    "a//b",
    "/a",
    "a/",
    "a/../b",
    "./a",
    "a+b c%20d",
    "ä/\u{1f600}",
    "a&<>\"'b",
    "x?y=z#f",
    "~-._!*'()",
    "a\u0001b",
    " ",
  ];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  for (const Key of keys) t.is(await text(s3, Bucket, Key), Key);
  const { Deleted, Errors } = await s3.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: keys.filter((key) => key !== "a\u0001b").map((Key) => ({ Key })) },
    }),
  );
  t.is(Errors, undefined);
  t.is(Deleted?.length, keys.length - 1);
  const left = await server.project.listObjects(Bucket);
  t.deepEqual(
    left.entries.map((entry) => entry.kind === "object" && entry.object.key),
    ["a\u0001b"],
  );
  const raw = await signedRequest(server.url, { method: "PUT", target: `/${Bucket}/%FF%00`, body: "x" });
  t.is(raw.status, 200);
  t.is((await server.project.headObject(Bucket, Buffer.of(0xff, 0))).size, 1);
});

test("virtual-host style", async (t) => {
  const Bucket = await newBucket();
  const { port } = new URL(server.url);
  const client = server.client({ endpoint: `http://localhost:${port}`, forcePathStyle: false });
  const signed = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "a/b" }));
  t.regex(signed, new RegExp(`^http://${Bucket}\\.localhost:`));
  const headers = { host: new URL(signed).host };
  const { pathname, search } = new URL(signed);
  const { plainRequest } = await import("../../helpers/s3-request.js");
  const reply = await plainRequest(server.url, { method: "PUT", target: pathname + search, headers, body: "hi" });
  t.is(reply.status, 200, reply.body);
  t.is(await text(s3, Bucket, "a/b"), "hi");
});

test("copies", async (t) => {
  const Bucket = await newBucket();
  const Body = randomBytes(100_000);
  await s3.send(
    new PutObjectCommand({ Bucket, Key: "a b+c", Body, ContentType: "text/a", Metadata: { x: "1" }, Tagging: "t=1" }),
  );
  const copy = (Key: string, more: object = {}) =>
    s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/a%20b%2Bc`, ...more }));
  const copied = await copy("copy");
  t.is(copied.CopyObjectResult?.ETag, `"${md5(Body)}"`);
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "copy" }));
  t.deepEqual(Buffer.from(await got.Body!.transformToByteArray()), Body);
  t.like(got, { ContentType: "text/a", Metadata: { x: "1" }, TagCount: 1 });
  await copy("replaced", { MetadataDirective: "REPLACE", Metadata: { y: "2" }, ContentType: "text/b" });
  const replaced = await s3.send(new HeadObjectCommand({ Bucket, Key: "replaced" }));
  t.like(replaced, { ContentType: "text/b", Metadata: { y: "2" }, TagCount: 1 });
  await copy("retagged", { TaggingDirective: "REPLACE", Tagging: "a=1&b=2" });
  t.like(await s3.send(new HeadObjectCommand({ Bucket, Key: "retagged" })), { Metadata: { x: "1" }, TagCount: 2 });
  t.is(await refusal(t, copy("a b+c")), "InvalidRequest 400");
  await copy("a b+c", { MetadataDirective: "REPLACE", Metadata: { z: "3" } });
  t.like(await s3.send(new HeadObjectCommand({ Bucket, Key: "a b+c" })), {
    Metadata: { z: "3" },
    ContentLength: 100_000,
  });
  t.is(await refusal(t, copy("x", { CopySource: `${Bucket}/nothing` })), "NoSuchKey 404");
  t.is(await refusal(t, copy("x", { CopySource: "not-there/nothing" })), "NoSuchBucket 404");
  t.is(await refusal(t, copy("x", { CopySource: "nothing" })), "InvalidArgument 400");
  t.is(await refusal(t, copy("x", { CopySourceIfMatch: '"x"' })), "PreconditionFailed 412");
  t.is(await refusal(t, copy("x", { CopySourceIfNoneMatch: copied.CopyObjectResult?.ETag })), "PreconditionFailed 412");
  t.is(await refusal(t, copy("copy", { IfNoneMatch: "*" })), "PreconditionFailed 412");
});

test("deletes many", async (t) => {
  const Bucket = await newBucket();
  for (const Key of ["a", "b", "c"]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const send = (more: object) =>
    s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "a" }], ...more } }));
  t.deepEqual((await send({ Objects: [{ Key: "a" }, { Key: "nothing" }] })).Deleted, [
    { Key: "a" },
    { Key: "nothing" },
  ]);
  t.is((await send({ Objects: [{ Key: "b" }], Quiet: true })).Deleted, undefined);
  const { Errors } = await send({
    Objects: [{ Key: "c", VersionId: "x" }, { Key: "k".repeat(1025) }, { Key: "c", ETag: "x" }],
  });
  t.deepEqual(
    Errors?.map((error) => error.Code),
    ["InvalidArgument", "KeyTooLongError", "PreconditionFailed"],
  );
  t.is(
    await refusal(t, send({ Objects: Array.from({ length: 1001 }, (_, i) => ({ Key: `${i}` })) })),
    "MalformedXML 400",
  );
  const elsewhere = new DeleteObjectsCommand({ Bucket: "not-there", Delete: { Objects: [{ Key: "a" }] } });
  t.is(await refusal(t, s3.send(elsewhere)), "NoSuchBucket 404");
  const body = "<Delete><Object><Key>c</Key></Object></Delete>";
  const withoutChecksum = await signedRequest(server.url, { method: "POST", target: `/${Bucket}?delete=`, body });
  t.regex(withoutChecksum.body, /<Deleted><Key>c</);
  const headers = { "content-md5": Buffer.alloc(16).toString("base64") };
  const wrong = await signedRequest(server.url, { method: "POST", target: `/${Bucket}?delete=`, body, headers });
  t.regex(wrong.body, /<Code>BadDigest</);
  for (const bad of ["", "<Delete/>", "<Delete><Object/></Delete>", "<x/>", "<Delete>", "<!DOCTYPE x><Delete/>"]) {
    const reply = await signedRequest(server.url, { method: "POST", target: `/${Bucket}?delete=`, body: bad });
    t.is(reply.status, 400, bad);
  }
});
