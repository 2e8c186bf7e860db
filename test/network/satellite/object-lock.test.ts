import test from "ava";
import { utf8 } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BeginDeleteObjectRequest,
  CreateBucketRequest,
  DeleteBucketRequest,
  DeleteObjectsRequest,
  GetBucketObjectLockConfigurationRequest,
  GetObjectLegalHoldRequest,
  GetObjectRetentionRequest,
  type RequestHeader,
  SetBucketObjectLockConfigurationRequest,
  SetBucketVersioningRequest,
  SetObjectLegalHoldRequest,
  SetObjectRetentionRequest,
} from "../../../proto/gen/metainfo.js";
import { failure, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { createBucket, putInline } from "../../helpers/satellite-calls.js";

const hour = 3_600_000;
const compliance = 1;
const governance = 2;
const name = utf8("bucket");
const key = utf8("key");

function until(on: TestSatellite, hours: number, mode: 1 | 2) {
  return { mode, retainUntil: timestampOfMillis(on.clock.now + hours * hour) };
}

async function lockBucket(on: TestSatellite): Promise<void> {
  await on.client.createBucket(CreateBucketRequest.fromPartial({ name, objectLockEnabled: true, header: on.header }));
}

function configure(on: TestSatellite, configuration: object | undefined) {
  return on.client.setBucketObjectLockConfiguration(
    SetBucketObjectLockConfigurationRequest.fromPartial({ name, configuration, header: on.header }),
  );
}

function configuration(on: TestSatellite) {
  return on.client.getBucketObjectLockConfiguration(
    GetBucketObjectLockConfigurationRequest.fromPartial({ name, header: on.header }),
  );
}

type Fields = { bypassGovernanceRetention?: boolean; header?: RequestHeader; objectVersion?: Uint8Array };

function retain(on: TestSatellite, retention: ReturnType<typeof until> | undefined, fields: Fields = {}) {
  return on.client.setObjectRetention(
    SetObjectRetentionRequest.fromPartial({
      bucket: name,
      encryptedObjectKey: key,
      retention,
      header: on.header,
      ...fields,
    }),
  );
}

function retention(on: TestSatellite, fields: Fields = {}) {
  return on.client.getObjectRetention(
    GetObjectRetentionRequest.fromPartial({ bucket: name, encryptedObjectKey: key, header: on.header, ...fields }),
  );
}

function hold(on: TestSatellite, enabled: boolean) {
  return on.client.setObjectLegalHold(
    SetObjectLegalHoldRequest.fromPartial({ bucket: name, encryptedObjectKey: key, enabled, header: on.header }),
  );
}

function remove(on: TestSatellite, objectVersion: Uint8Array, fields: Fields = {}) {
  return on.client.beginDeleteObject(
    BeginDeleteObjectRequest.fromPartial({
      bucket: name,
      encryptedObjectKey: key,
      objectVersion,
      header: on.header,
      ...fields,
    }),
  );
}

const isProtected = {
  status: RpcStatus.ObjectLockObjectProtected,
  message: "object is protected by Object Lock settings",
};

test("Object Lock comes with a bucket or is turned on later, and brings and needs versioning", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  t.like((await configuration(on)).configuration, { enabled: true, defaultRetention: undefined });
  const suspend = SetBucketVersioningRequest.fromPartial({ name, versioning: false, header: on.header });
  t.is((await failure(on.client.setBucketVersioning(suspend))).status, RpcStatus.ObjectLockInvalidBucketState);

  await configure(on, { enabled: true, defaultRetention: { mode: governance, duration: { $case: "days", value: 3 } } });
  t.like((await configuration(on)).configuration!.defaultRetention, {
    mode: governance,
    duration: { $case: "days", value: 3 },
  });
  const bad = async (retention: object) => (await failure(configure(on, { enabled: true, ...retention }))).message;
  t.is(await bad({ enabled: false }), "Object Lock can't be disabled");
  t.is(await bad({ defaultRetention: { mode: governance } }), "Either days or years must be specified");
  t.is(
    await bad({ defaultRetention: { mode: governance, duration: { $case: "years", value: 11 } } }),
    "Years must not exceed 10",
  );

  await createBucket(on, "plain");
  const onPlain = { name: utf8("plain"), header: on.header };
  const enable = SetBucketObjectLockConfigurationRequest.fromPartial({ ...onPlain, configuration: { enabled: true } });
  t.is(
    (await failure(on.client.setBucketObjectLockConfiguration(enable))).status,
    RpcStatus.ObjectLockInvalidBucketState,
  );
  const ask = GetBucketObjectLockConfigurationRequest.fromPartial(onPlain);
  t.deepEqual(await failure(on.client.getBucketObjectLockConfiguration(ask)), {
    status: RpcStatus.ObjectLockBucketRetentionConfigurationMissing,
    message: "Object Lock is not enabled for this bucket",
  });
  t.is(
    (await failure(putInline(on, "plain", "key", { begin: { legalHold: true } }))).status,
    RpcStatus.ObjectLockBucketRetentionConfigurationMissing,
  );
});

test("a retained version stays until its time is up, and retention may only grow", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  const object = await putInline(on, "bucket", "key", { begin: { retention: until(on, 1, compliance) } });
  t.is(object.retention!.mode, compliance);
  t.deepEqual(await failure(remove(on, object.objectVersion)), isProtected);
  t.deepEqual(await failure(remove(on, object.objectVersion, { bypassGovernanceRetention: true })), isProtected);
  t.deepEqual(await failure(retain(on, until(on, 2, governance))), isProtected);
  t.deepEqual(await failure(retain(on, undefined)), isProtected);
  await retain(on, until(on, 2, compliance));
  on.clock.now += hour;
  t.deepEqual(await failure(remove(on, object.objectVersion)), isProtected);
  on.clock.now += 2 * hour;
  await retain(on, undefined);
  t.deepEqual(await failure(retention(on)), {
    status: RpcStatus.ObjectLockObjectRetentionConfigurationMissing,
    message: "object does not have a retention configuration",
  });
  await remove(on, object.objectVersion);
});

test("governance mode gives way to those who may pass over it", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  const object = await putInline(on, "bucket", "key", { begin: { retention: until(on, 9, governance) } });
  t.deepEqual(await failure(retain(on, until(on, 1, governance))), isProtected);
  const header = on.restricted({ disallowBypassGovernanceRetention: true });
  t.is((await failure(retain(on, undefined, { bypassGovernanceRetention: true, header }))).status, 7);
  t.is((await failure(remove(on, object.objectVersion, { bypassGovernanceRetention: true, header }))).status, 7);
  await retain(on, until(on, 1, governance), { bypassGovernanceRetention: true });
  t.is((await retention(on)).retention!.mode, governance);
  await remove(on, object.objectVersion, { bypassGovernanceRetention: true });
});

test("a legal hold protects for as long as it is on", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  const object = await putInline(on, "bucket", "key");
  t.is(object.legalHold, false);
  await hold(on, true);
  const ask = GetObjectLegalHoldRequest.fromPartial({ bucket: name, encryptedObjectKey: key, header: on.header });
  t.true((await on.client.getObjectLegalHold(ask)).enabled);
  t.deepEqual(await failure(remove(on, object.objectVersion, { bypassGovernanceRetention: true })), isProtected);
  const items = [{ encryptedObjectKey: key, objectVersion: object.objectVersion }];
  const many = DeleteObjectsRequest.fromPartial({ bucket: name, items, header: on.header });
  t.is((await on.client.deleteObjects(many)).items[0]!.status, 4);
  await hold(on, false);
  t.is((await on.client.deleteObjects(many)).items[0]!.status, 3);
});

test("locks are for objects, not for markers, nor for what expires", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  const wrongState = {
    status: RpcStatus.ObjectLockInvalidObjectState,
    message: "The operation is not permitted for this object",
  };
  t.is((await failure(retention(on))).status, RpcStatus.NotFound);
  await remove(on, new Uint8Array(0));
  t.deepEqual(await failure(retention(on)), wrongState);
  t.deepEqual(await failure(hold(on, true)), wrongState);
  await putInline(on, "bucket", "key", { begin: { expiresAt: timestampOfMillis(on.clock.now + hour) } });
  t.deepEqual(await failure(retain(on, until(on, 1, compliance))), wrongState);
});

test("a bucket's default retention falls on objects without one, and not on what is to expire", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  await configure(on, { enabled: true, defaultRetention: { mode: compliance, duration: { $case: "days", value: 2 } } });
  const object = await putInline(on, "bucket", "key");
  t.is(object.retention!.mode, compliance);
  t.is(object.retention!.retainUntil!.seconds, Math.floor((on.clock.now + 48 * hour) / 1000));
  const expiresAt = timestampOfMillis(on.clock.now + hour);
  t.is((await failure(putInline(on, "bucket", "key", { begin: { expiresAt } }))).status, 10010);
  const header = on.restricted({ maxObjectTtl: { seconds: 3600 } });
  t.is((await failure(putInline(on, "bucket", "key", { header }))).status, 10011);
  const own = await putInline(on, "bucket", "key", { begin: { retention: until(on, 1, governance) } });
  t.is(own.retention!.mode, governance);
});

test("a locked bucket is deleted with its objects only by who may pass over governance", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  await putInline(on, "bucket", "key", { begin: { retention: until(on, 1, governance) } });
  const request = DeleteBucketRequest.fromPartial({ name, deleteAll: true, header: on.header });
  t.is((await failure(on.client.deleteBucket(request))).status, RpcStatus.PermissionDenied);
  const reply = await on.client.deleteBucket({ ...request, bypassGovernanceRetention: true });
  t.is(reply.deletedObjectsCount, 1);
});

test("lock permissions are asked for, and locks are hidden from who may not see them", async (t) => {
  const on = await testSatellite(t);
  await lockBucket(on);
  const begin = { retention: until(on, 1, governance) };
  const noRetention = on.restricted({ disallowPutRetention: true, disallowGetRetention: true });
  t.is((await failure(putInline(on, "bucket", "key", { begin, header: noRetention }))).status, 7);
  const noHold = on.restricted({ disallowPutLegalHold: true, disallowGetLegalHold: true });
  t.is((await failure(putInline(on, "bucket", "key", { begin: { legalHold: true }, header: noHold }))).status, 7);
  const hidden = await putInline(on, "bucket", "key", { begin, header: noHold });
  t.is(hidden.legalHold, undefined);
  t.truthy(hidden.retention);
  t.is((await failure(retention(on, { header: noRetention }))).status, 7);
});
