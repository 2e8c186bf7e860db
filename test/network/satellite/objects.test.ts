import test from "ava";
import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BeginDeleteObjectRequest,
  DeleteBucketRequest,
  DeleteObjectsRequest,
  DownloadObjectRequest,
  GetObjectRequest,
  UpdateObjectMetadataRequest,
} from "../../../proto/gen/metainfo.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import { encryptedKey, failure, nonce, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, createBucket, inlineItems, putInline } from "../../helpers/satellite-calls.js";

const at = (on: TestSatellite, key: string) => ({
  bucket: utf8("bucket"),
  encryptedObjectKey: utf8(key),
  header: on.header,
});

const notFound = {
  status: RpcStatus.NotFound,
  message: "object not found: metabase: sql: no rows in result set",
};

test("a small object comes back as it was stored, with its metadata made whole", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const metadata = StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo: utf8("info") })).finish();
  const user = {
    encryptedMetadata: metadata,
    encryptedMetadataNonce: nonce(),
    encryptedMetadataEncryptedKey: encryptedKey(),
  };
  const stored = await putInline(on, "bucket", "key", {
    data: utf8("some data"),
    commit: { ...user, encryptedEtag: utf8("etag") },
  });
  t.is(stored.status, 3);
  t.is(stored.plainSize, 9);

  const { object } = await on.client.getObject(
    GetObjectRequest.fromPartial({ ...at(on, "key"), redundancySchemePerSegment: true }),
  );
  t.deepEqual(object, stored);
  t.is(object!.expiresAt, undefined);
  const meta = StreamMeta.decode(object!.encryptedMetadata);
  t.is(meta.encryptionType, 2);
  t.is(meta.encryptionBlockSize, 7424);
  t.is(meta.numberOfSegments, 1);
  t.deepEqual(Buffer.from(meta.encryptedStreamInfo), Buffer.from("info"));
  t.is(toHex(meta.lastSegmentMeta!.encryptedKey), toHex(user.encryptedMetadataEncryptedKey));
  t.is(toHex(object!.encryptedMetadataNonce), toHex(user.encryptedMetadataNonce));
  t.is(toHex(object!.encryptedEtag), toHex(utf8("etag")));

  const download = await on.client.downloadObject(DownloadObjectRequest.fromPartial(at(on, "key")));
  t.is(download.segmentList!.items.length, 1);
  t.is(Buffer.from(download.segmentDownload[0]!.encryptedInlineData).toString(), "some data");
});

test("metadata from the begin stays unless the commit brings some", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const meta = (text: string) =>
    StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo: utf8(text) })).finish();
  const user = (text: string) => ({
    encryptedMetadata: meta(text),
    encryptedMetadataNonce: nonce(),
    encryptedMetadataEncryptedKey: encryptedKey(),
  });
  const kept = await putInline(on, "bucket", "kept", { begin: user("begin") });
  t.is(Buffer.from(StreamMeta.decode(kept.encryptedMetadata).encryptedStreamInfo).toString(), "begin");
  const replaced = await putInline(on, "bucket", "replaced", { begin: user("begin"), commit: user("commit") });
  t.is(Buffer.from(StreamMeta.decode(replaced.encryptedMetadata).encryptedStreamInfo).toString(), "commit");
});

test("a new object replaces the old one at once and wholly", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const first = await putInline(on, "bucket", "key", { data: utf8("first") });
  const second = await putInline(on, "bucket", "key", { data: utf8("second") });
  t.notDeepEqual(first.objectVersion, second.objectVersion);
  const { object } = await on.client.getObject(GetObjectRequest.fromPartial(at(on, "key")));
  t.is(object!.plainSize, 6);
  // The number stays, as on the real satellite, and the number alone selects.
  const number = (version: Uint8Array) => Buffer.from(version).subarray(0, 8).toString("hex");
  t.is(number(first.objectVersion), number(second.objectVersion));
  const old = await on.client.getObject(
    GetObjectRequest.fromPartial({ ...at(on, "key"), objectVersion: first.objectVersion }),
  );
  t.deepEqual(old.object!.objectVersion, second.objectVersion);
});

test("who may not delete may not replace", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const header = on.restricted({ disallowDeletes: true });
  await putInline(on, "bucket", "key", { header });
  t.deepEqual(await failure(putInline(on, "bucket", "key", { header })), {
    status: RpcStatus.PermissionDenied,
    message: "permission denied: no permissions to delete existing object",
  });
  t.truthy((await on.client.getObject(GetObjectRequest.fromPartial(at(on, "key")))).object);
});

test("If-None-Match wants a free key", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "key", { commit: { ifNoneMatch: ["*"] } });
  t.deepEqual(await failure(putInline(on, "bucket", "key", { commit: { ifNoneMatch: ["*"] } })), {
    status: RpcStatus.FailedPrecondition,
    message: "metabase: failed precondition: object already exists",
  });
  const other = await failure(putInline(on, "bucket", "key", { commit: { ifNoneMatch: ["etag"] } }));
  t.is(other.status, RpcStatus.Unimplemented);
});

test("requests that can not be are refused with the texts of the real satellite", async (t) => {
  const on = await testSatellite(t, { checksums: false });
  await createBucket(on, "bucket");
  const cases: [string, Parameters<typeof putInline>[3], number, string][] = [
    ["", {}, 3, "metabase: invalid request: ObjectKey missing"],
    ["k".repeat(4001), {}, 3, "key length is too big, got 4001, maximum allowed is 4000"],
    [
      "key",
      { begin: { encryptedMetadata: new Uint8Array(2049) } },
      3,
      "Encrypted metadata is too large, got 2.0 KiB, maximum allowed is 2.0 KiB",
    ],
    [
      "key",
      { begin: { expiresAt: timestampOfMillis(on.clock.now - 1000) } },
      3,
      "invalid expiration time, cannot be in the past",
    ],
    ["key", { data: new Uint8Array(8000) }, 3, "inline segment size cannot be larger than 4.0 KiB"],
    ["key", { begin: { checksumAlgorithm: 1 } }, 10027, "Checksum options may not be provided at this time"],
    [
      "key",
      { commit: { encryptedEtag: utf8("tag") } },
      3,
      "metabase: invalid request: EncryptedMetadataNonce and EncryptedMetadataEncryptedKey must be set when EncryptedMetadata, EncryptedETag, or Checksum.EncryptedValue are set",
    ],
    [
      "key",
      { begin: { legalHold: true } },
      10003,
      "cannot specify Object Lock settings when uploading into a bucket without Object Lock enabled",
    ],
  ];
  for (const [key, options, status, message] of cases) {
    t.deepEqual(await failure(putInline(on, "bucket", key, options)), { status, message }, message);
  }
  t.deepEqual(await failure(putInline(on, "nobucket", "key")), {
    status: RpcStatus.NotFound,
    message: "bucket not found: nobucket",
  });
});

test("an expired object is gone, and is removed later", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const expiresAt = timestampOfMillis(on.clock.now + 1000);
  const object = await putInline(on, "bucket", "key", { begin: { expiresAt } });
  t.deepEqual({ ...object.expiresAt, _unknownFields: undefined }, { ...expiresAt, _unknownFields: undefined });
  on.clock.now += 1001;
  t.deepEqual(await failure(on.client.getObject(GetObjectRequest.fromPartial(at(on, "key")))), notFound);
  const request = DeleteBucketRequest.fromPartial({ name: utf8("bucket"), header: on.header });
  t.is((await failure(on.client.deleteBucket(request))).status, RpcStatus.FailedPrecondition);
  t.is(await on.satellite.cleanup(), 1);
  await t.notThrowsAsync(on.client.deleteBucket(request));
});

test("a key may impose a time to live", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const header = on.restricted({ maxObjectTtl: { seconds: 60, nanos: 0 } });
  const object = await putInline(on, "bucket", "key", { header });
  t.is(object.expiresAt!.seconds, Math.floor((on.clock.now + 60_000) / 1000));
  const later = { expiresAt: timestampOfMillis(on.clock.now + 61_000) };
  t.deepEqual(await failure(putInline(on, "bucket", "key", { header, begin: later })), {
    status: RpcStatus.InvalidArgument,
    message: "invalid expiration time, cannot be longer than 1m0s",
  });
});

test("uploads that nobody finishes go away when they are idle for long", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await beginUpload(on, "bucket", "idle");
  on.clock.now += 23 * 3_600_000;
  t.is(await on.satellite.cleanup(), 0);
  on.clock.now += 2 * 3_600_000;
  t.is(await on.satellite.cleanup(), 1);
});

test("deleting succeeds whether or not there is something to delete", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "key");
  const remove = (fields: Parameters<typeof BeginDeleteObjectRequest.fromPartial>[0] = {}) =>
    on.client.beginDeleteObject(BeginDeleteObjectRequest.fromPartial({ ...at(on, "key"), ...fields }));
  t.truthy((await remove()).object);
  t.is((await remove()).object, undefined);
  t.is((await remove({ bucket: utf8("nobucket") })).object, undefined);

  await putInline(on, "bucket", "key");
  const blind = on.restricted({ disallowReads: true, disallowLists: true });
  t.is((await remove({ header: blind })).object, undefined);
  t.deepEqual(await failure(on.client.getObject(GetObjectRequest.fromPartial(at(on, "key")))), notFound);
  t.deepEqual(await failure(remove({ status: 1 })), { status: 3, message: "StreamID missing" });
});

test("many objects are deleted with a word on each", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const kept = await putInline(on, "bucket", "kept");
  await putInline(on, "bucket", "b");
  await putInline(on, "bucket", "aa");
  const wrongStream = Uint8Array.from(kept.objectVersion);
  wrongStream[15]! ^= 1;
  const items = [
    { encryptedObjectKey: utf8("kept"), objectVersion: wrongStream },
    { encryptedObjectKey: utf8("aa") },
    { encryptedObjectKey: utf8("b") },
    { encryptedObjectKey: utf8("b") },
    { encryptedObjectKey: utf8("none") },
  ];
  const request = DeleteObjectsRequest.fromPartial({ bucket: utf8("bucket"), items, header: on.header });
  const reply = await on.client.deleteObjects(request);
  t.deepEqual(
    reply.items.map((item) => [Buffer.from(item.encryptedObjectKey).toString(), item.status]),
    [
      ["b", 3],
      ["aa", 3],
      ["none", 2],
      ["kept", 2],
    ],
  );
  t.truthy((await on.client.getObject(GetObjectRequest.fromPartial(at(on, "kept")))).object);
  const quiet = await on.client.deleteObjects({ ...request, quiet: true });
  t.is(quiet.items.length, 4);
  t.is((await failure(on.client.deleteObjects({ ...request, items: [] }))).status, RpcStatus.DeleteObjectsNoItems);
  t.is(
    (await failure(on.client.deleteObjects({ ...request, bucket: utf8("nobucket") }))).status,
    RpcStatus.BucketNotFound,
  );
});

test("metadata is replaced as a whole, and only of the object that the caller saw", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const meta = StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo: utf8("new") })).finish();
  const user = {
    encryptedMetadata: meta,
    encryptedMetadataNonce: nonce(),
    encryptedMetadataEncryptedKey: encryptedKey(),
  };
  const old = await putInline(on, "bucket", "key");
  const object = await putInline(on, "bucket", "key", { commit: { ...user, encryptedEtag: utf8("tag") } });
  const update = (fields: Parameters<typeof UpdateObjectMetadataRequest.fromPartial>[0]) =>
    on.client.updateObjectMetadata(
      UpdateObjectMetadataRequest.fromPartial({ ...at(on, "key"), ...user, streamId: object.streamId, ...fields }),
    );
  const gone = { status: RpcStatus.NotFound, message: "object not found: " };
  t.deepEqual(await failure(update({ streamId: old.streamId })), gone);
  t.deepEqual(await failure(update({})), gone);
  t.is((await failure(update({ includes: { custom: true } }))).status, RpcStatus.InsufficientObjectMetadataIncludes);
  await update({ setEncryptedEtag: true, encryptedEtag: utf8("tag 2") });
  const { object: now } = await on.client.getObject(GetObjectRequest.fromPartial(at(on, "key")));
  t.is(Buffer.from(now!.encryptedEtag).toString(), "tag 2");
});

test("a stream id of another project, or one that was touched, opens nothing", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const upload = await beginUpload(on, "bucket", "key");
  const header = await on.stranger();
  const invalid = { status: RpcStatus.InvalidArgument, message: "signature verification: signature is not valid" };
  const commit = (streamId: Uint8Array, by = on.header) =>
    on.client.commitObject({ ...inlineCommit(), streamId, header: by });
  t.deepEqual(await failure(commit(upload.streamId, header)), invalid);
  for (const i of [0, 5, upload.streamId.length - 1]) {
    const touched = Uint8Array.from(upload.streamId);
    touched[i]! ^= 1;
    t.deepEqual(await failure(commit(touched)), invalid);
  }
  t.deepEqual(await failure(commit(new Uint8Array(0))), invalid);
  await t.notThrowsAsync(commit(upload.streamId));
});

function inlineCommit() {
  const item = inlineItems("bucket", "key")[2]!.request;
  if (item?.$case !== "objectCommit") throw new Error("no commit");
  return item.value;
}
