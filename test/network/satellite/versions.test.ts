import test from "ava";
import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BeginDeleteObjectRequest,
  DeleteObjectsRequest,
  GetBucketVersioningRequest,
  GetObjectIPsRequest,
  GetObjectRequest,
  SetBucketVersioningRequest,
} from "../../../proto/gen/metainfo.js";
import { failure, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, commitUpload, createBucket, list, makeInline, putInline } from "../../helpers/satellite-calls.js";

const at = (on: TestSatellite, key: string) => ({
  bucket: utf8("bucket"),
  encryptedObjectKey: utf8(key),
  header: on.header,
});

function setVersioning(on: TestSatellite, versioning: boolean) {
  return on.client.setBucketVersioning(
    SetBucketVersioningRequest.fromPartial({ name: utf8("bucket"), versioning, header: on.header }),
  );
}

async function versioningOf(on: TestSatellite): Promise<number> {
  const request = GetBucketVersioningRequest.fromPartial({ name: utf8("bucket"), header: on.header });
  return (await on.client.getBucketVersioning(request)).versioning;
}

function get(on: TestSatellite, key: string, objectVersion?: Uint8Array) {
  return on.client.getObject(GetObjectRequest.fromPartial({ ...at(on, key), objectVersion }));
}

async function remove(on: TestSatellite, key: string, objectVersion?: Uint8Array) {
  return (await on.client.beginDeleteObject(BeginDeleteObjectRequest.fromPartial({ ...at(on, key), objectVersion })))
    .object;
}

async function versionedBucket(on: TestSatellite): Promise<void> {
  await createBucket(on, "bucket");
  await setVersioning(on, true);
}

/** Status and size of each listed version. */
async function listed(on: TestSatellite, fields = {}): Promise<string[]> {
  const { items } = await list(on, "bucket", { includeAllVersions: true, recursive: true, ...fields });
  return items.map(
    (item) =>
      `${Buffer.from(item.encryptedObjectKey).toString()} ${item.status} ${item.plainSize}${item.isLatest ? " latest" : ""}`,
  );
}

test("a bucket is unversioned, then versioned, then suspended, and never unversioned again", async (t) => {
  const on = await testSatellite(t);
  t.like(await failure(setVersioning(on, true)), { status: RpcStatus.NotFound, message: "bucket not found: bucket" });
  await createBucket(on, "bucket");
  t.is(await versioningOf(on), 1);
  t.deepEqual(await failure(setVersioning(on, false)), {
    status: RpcStatus.FailedPrecondition,
    message: "bucket operation conflict: versioning may only be suspended for buckets with versioning enabled",
  });
  await setVersioning(on, true);
  t.is(await versioningOf(on), 2);
  await setVersioning(on, false);
  t.is(await versioningOf(on), 3);
  await setVersioning(on, true);
  t.is(await versioningOf(on), 2);
});

test("every object of a versioned bucket stays, and its versions are listed newest first", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const plain = await putInline(on, "bucket", "key", { data: utf8("1") });
  await setVersioning(on, true);
  const second = await putInline(on, "bucket", "key", { data: utf8("22") });
  await putInline(on, "bucket", "key", { data: utf8("333") });
  await putInline(on, "bucket", "other", { data: utf8("4444") });
  t.deepEqual(await listed(on), ["key 4 3 latest", "key 4 2", "key 3 1", "other 4 4 latest"]);
  t.deepEqual(await listed(on, { includeAllVersions: false }), ["key 4 3", "other 4 4"]);
  const rest = { encryptedCursor: utf8("key"), versionCursor: second.objectVersion };
  t.deepEqual(await listed(on, rest), ["key 3 1", "other 4 4 latest"]);
  const above = Uint8Array.from(second.objectVersion).fill(0x7f, 1, 8);
  t.deepEqual(await listed(on, { ...rest, versionCursor: above }), await listed(on));
  t.is((await get(on, "key")).object!.plainSize, 3);
  t.is((await get(on, "key", plain.objectVersion)).object!.plainSize, 1);
  t.deepEqual(await remove(on, "key", second.objectVersion), { ...second, streamId: second.streamId });
  t.deepEqual(await listed(on), ["key 4 3 latest", "key 3 1", "other 4 4 latest"]);
});

test("deleting without a version adds a marker, which hides the key and can be deleted", async (t) => {
  const on = await testSatellite(t);
  await versionedBucket(on);
  await putInline(on, "bucket", "key", { data: utf8("1") });
  const marker = await remove(on, "key");
  t.is(marker!.status, 5);
  t.is(marker!.totalSize, 0);
  t.true(toHex(marker!.objectVersion).startsWith("0000000000000002"));
  t.is((await failure(get(on, "key"))).status, RpcStatus.NotFound);
  t.deepEqual(await failure(get(on, "key", marker!.objectVersion)), {
    status: RpcStatus.MethodNotAllowed,
    message: "method not allowed",
  });
  t.deepEqual(await listed(on), ["key 5 0 latest", "key 4 1"]);
  t.deepEqual(await listed(on, { includeAllVersions: false }), []);
  // A key that never was gets its marker, too.
  t.is((await remove(on, "never"))!.status, 5);
  await remove(on, "key", marker!.objectVersion);
  t.is((await get(on, "key")).object!.plainSize, 1);
});

test("a suspended bucket keeps its versions, and one object or marker without a version beside them", async (t) => {
  const on = await testSatellite(t);
  await versionedBucket(on);
  await putInline(on, "bucket", "key", { data: utf8("1") });
  await setVersioning(on, false);
  await putInline(on, "bucket", "key", { data: utf8("22") });
  await putInline(on, "bucket", "key", { data: utf8("333") });
  t.deepEqual(await listed(on), ["key 3 3 latest", "key 4 1"]);
  const removed = await remove(on, "key");
  t.is(removed!.plainSize, 3);
  t.is((await remove(on, "key"))!.status, 6);
  t.deepEqual(await listed(on), ["key 6 0 latest", "key 4 1"]);
  t.is((await remove(on, "key"))!.status, 6);
  t.deepEqual(await listed(on), ["key 6 0 latest", "key 4 1"]);
  t.deepEqual(await failure(remove(on, "never")), {
    status: RpcStatus.NotFound,
    message: "object not found: metainfo: object not found: unable to delete object",
  });
  await putInline(on, "bucket", "key", { data: utf8("4444") });
  t.deepEqual(await listed(on), ["key 3 4 latest", "key 4 1"]);
});

test("an upload that began before another and ends after it is the newest", async (t) => {
  const on = await testSatellite(t);
  await versionedBucket(on);
  const early = await beginUpload(on, "bucket", "key");
  const late = await beginUpload(on, "bucket", "key");
  await makeInline(on, early.streamId, {}, utf8("early"));
  await makeInline(on, late.streamId, {}, utf8("late"));
  await commitUpload(on, late.streamId);
  await commitUpload(on, early.streamId);
  t.deepEqual(await listed(on), ["key 4 5 latest", "key 4 4"]);
});

test("many objects are deleted by version and by marker", async (t) => {
  const on = await testSatellite(t);
  await versionedBucket(on);
  const first = await putInline(on, "bucket", "key", { data: utf8("1") });
  const second = await putInline(on, "bucket", "key", { data: utf8("22") });
  const items = [
    { encryptedObjectKey: utf8("key") },
    { encryptedObjectKey: utf8("key"), objectVersion: first.objectVersion },
    { encryptedObjectKey: utf8("never") },
  ];
  const reply = await on.client.deleteObjects(
    DeleteObjectsRequest.fromPartial({ bucket: utf8("bucket"), items, header: on.header }),
  );
  t.deepEqual(
    reply.items.map((item) => [
      Buffer.from(item.encryptedObjectKey).toString(),
      item.status,
      item.removed?.status,
      item.marker?.status,
    ]),
    [
      ["key", 3, undefined, 5],
      ["never", 3, undefined, 5],
      ["key", 3, 4, undefined],
    ],
  );
  t.deepEqual(reply.items[2]!.removed!.objectVersion, first.objectVersion);
  t.deepEqual(await listed(on), ["key 5 0 latest", "key 4 2", "never 5 0 latest"]);
  t.is((await get(on, "key", second.objectVersion)).object!.plainSize, 2);
});

test("where an object lies is told of the version asked for", async (t) => {
  const on = await testSatellite(t);
  await versionedBucket(on);
  const { streamId } = await beginUpload(on, "bucket", "key");
  await makeInline(on, streamId, { index: 0 }, utf8("1"));
  await makeInline(on, streamId, { index: 1 }, utf8("2"));
  const { object } = await commitUpload(on, streamId);
  await putInline(on, "bucket", "key");
  const segments = async (objectVersion?: Uint8Array) =>
    (await on.client.getObjectIPs(GetObjectIPsRequest.fromPartial({ ...at(on, "key"), objectVersion }))).segmentCount;
  t.is(await segments(), 1);
  t.is(await segments(object!.objectVersion), 2);
});
