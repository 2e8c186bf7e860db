import test, { type ExecutionContext } from "ava";
import { parseApiKey } from "../../../core/access/api-key.js";
import { serializeMacaroon } from "../../../core/access/macaroon.js";
import { utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import type { ApiKeySettings, ProjectSettings, SatelliteOptions } from "../../../network/satellite/index.js";
import {
  BeginCopyObjectRequest,
  BeginDeleteObjectRequest,
  DownloadObjectRequest,
  ProjectInfoRequest,
} from "../../../proto/gen/metainfo.js";
import { failure, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, createBucket, makeInline, putInline } from "../../helpers/satellite-calls.js";

/** A satellite whose header is that of a project with these limits. */
async function limited(
  t: ExecutionContext,
  settings: ProjectSettings,
  key: ApiKeySettings = {},
  options: Partial<SatelliteOptions> = {},
): Promise<TestSatellite> {
  const on = await testSatellite(t, options);
  const project = await on.satellite.createProject("limited", settings);
  const apiKey = parseApiKey(await on.satellite.createApiKey(project.id, "key", key));
  return { ...on, header: { apiKey: serializeMacaroon(apiKey), userAgent: utf8("test") } };
}

const ten = { data: new Uint8Array(10) };

function download(on: TestSatellite, key: string) {
  const at = { bucket: utf8("bucket"), encryptedObjectKey: utf8(key), header: on.header };
  return on.client.downloadObject(DownloadObjectRequest.fromPartial(at));
}

test("a project stores up to its limit of bytes, and more when it has deleted some", async (t) => {
  const on = await limited(t, { storageLimit: 21 });
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "1", ten);
  await putInline(on, "bucket", "2", ten);
  await putInline(on, "bucket", "3", { data: new Uint8Array(1) });
  const exceeded = { status: RpcStatus.ResourceExhausted, message: "Exceeded Storage Limit" };
  t.deepEqual(await failure(putInline(on, "bucket", "4", ten)), exceeded);
  const at = { bucket: utf8("bucket"), encryptedObjectKey: utf8("1"), header: on.header };
  await on.client.beginDeleteObject(BeginDeleteObjectRequest.fromPartial(at));
  on.clock.now += 1000;
  await putInline(on, "bucket", "4", ten);
});

test("a project stores up to its limit of segments, parts and copies included", async (t) => {
  const on = await limited(t, { segmentLimit: 2 });
  await createBucket(on, "bucket");
  const upload = await beginUpload(on, "bucket", "parts");
  await makeInline(on, upload.streamId, { partNumber: 1 }, utf8("1"));
  await putInline(on, "bucket", "key");
  const exceeded = { status: RpcStatus.ResourceExhausted, message: "Exceeded Segments Limit" };
  t.deepEqual(await failure(makeInline(on, upload.streamId, { partNumber: 2 }, utf8("2"))), exceeded);
  t.deepEqual(await failure(beginUpload(on, "bucket", "other")), exceeded);
  const copy = BeginCopyObjectRequest.fromPartial({
    bucket: utf8("bucket"),
    encryptedObjectKey: utf8("key"),
    newBucket: utf8("bucket"),
    newEncryptedObjectKey: utf8("copy"),
    header: on.header,
  });
  t.deepEqual(await failure(on.client.beginCopyObject(copy)), exceeded);
});

test("a project downloads up to its limit in a month, also after a restart of the count", async (t) => {
  const on = await limited(t, { egressLimit: 20 });
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "key", ten);
  await download(on, "key");
  on.clock.now += 61_000;
  await download(on, "key");
  t.deepEqual(await failure(download(on, "key")), {
    status: RpcStatus.ResourceExhausted,
    message: "Exceeded Usage Limit",
  });
  on.clock.now += 32 * 86_400_000;
  await download(on, "key");
});

test("limits of the satellite are for projects without their own", async (t) => {
  const options = { usageLimits: { storage: 1, segments: 1, egress: 0 } };
  const on = await limited(t, { storageLimit: 100, segmentLimit: 100 }, {}, options);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "1", ten);
  await putInline(on, "bucket", "2", ten);
  t.is((await failure(download(on, "1"))).message, "Exceeded Usage Limit");
});

test("one key of a project may be slower than another", async (t) => {
  const on = await limited(t, {}, { rateLimit: 1, burstLimit: 2 });
  const info = () => on.client.projectInfo(ProjectInfoRequest.fromPartial({ header: on.header }));
  await info();
  await info();
  t.deepEqual(await failure(info()), { status: RpcStatus.ResourceExhausted, message: "Too Many Requests" });
  on.clock.now += 1000;
  await info();
});

test("one object can not be uploaded over and over at once", async (t) => {
  const on = await limited(t, {}, {}, { uploadRate: { intervalMs: 1000, burst: 3 } });
  await createBucket(on, "bucket");
  for (let i = 0; i < 3; i++) await putInline(on, "bucket", "key");
  const refused = { status: RpcStatus.ResourceExhausted, message: "Too Many Requests" };
  t.deepEqual(await failure(putInline(on, "bucket", "key")), refused);
  await putInline(on, "bucket", "other");
  on.clock.now += 1000;
  await putInline(on, "bucket", "key");
});
