import test from "ava";
import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BeginCopyObjectRequest,
  FinishCopyObjectRequest,
  GetObjectRequest,
  ListSegmentsRequest,
  MakeInlineSegmentRequest,
  UpdateObjectMetadataRequest,
} from "../../../proto/gen/metainfo.js";
import { encryptedKey, failure, nonce, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, commitUpload, createBucket, list, makeInline, putInline } from "../../helpers/satellite-calls.js";

const sha256 = 5;
const key = { encryptedMetadataNonce: nonce(), encryptedMetadataEncryptedKey: encryptedKey() };
const checksum = { checksumAlgorithm: sha256, isChecksumComposite: true, encryptedChecksum: utf8("checksum") };

const at = (on: TestSatellite, name: string) => ({
  bucket: utf8("bucket"),
  encryptedObjectKey: utf8(name),
  header: on.header,
});

async function checksumOf(on: TestSatellite, name: string) {
  const { object } = await on.client.getObject(GetObjectRequest.fromPartial(at(on, name)));
  return [object!.checksumAlgorithm, object!.isChecksumComposite, Buffer.from(object!.encryptedChecksum).toString()];
}

const kept = [sha256, true, "checksum"];

test("an object keeps its checksum, and so does its copy", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "key", { commit: { ...key, ...checksum } });
  t.deepEqual(await checksumOf(on, "key"), kept);
  const { items } = await list(on, "bucket", { objectIncludes: { includeChecksum: true } });
  t.is(toHex(items[0]!.encryptedChecksum), toHex(checksum.encryptedChecksum));
  t.is((await list(on, "bucket", {})).items[0]!.encryptedChecksum.length, 0);

  const names = { newBucket: utf8("bucket"), newEncryptedObjectKey: utf8("copy"), header: on.header };
  const begun = await on.client.beginCopyObject(BeginCopyObjectRequest.fromPartial({ ...at(on, "key"), ...names }));
  t.is(begun.checksumAlgorithm, sha256);
  await on.client.finishCopyObject(
    FinishCopyObjectRequest.fromPartial({
      ...names,
      streamId: begun.streamId,
      newSegmentKeys: begun.segmentKeys,
      newEncryptedMetadataKeyNonce: nonce(),
      newEncryptedMetadataKey: encryptedKey(),
    }),
  );
  t.deepEqual(await checksumOf(on, "copy"), kept);
});

test("an upload may begin with the algorithm alone, and not end so", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const upload = await beginUpload(on, "bucket", "key", { checksumAlgorithm: sha256 });
  await makeInline(on, upload.streamId, {}, utf8("1"));
  t.is((await failure(commitUpload(on, upload.streamId))).status, RpcStatus.ObjectMetadataMissing);
  await commitUpload(on, upload.streamId, { ...key, ...checksum });
  t.deepEqual(await checksumOf(on, "key"), kept);
});

test("a part keeps its checksum for listings", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const { streamId } = await beginUpload(on, "bucket", "key");
  await on.client.makeInlineSegment(
    MakeInlineSegmentRequest.fromPartial({
      streamId,
      position: { partNumber: 1 },
      encryptedKey: encryptedKey(),
      encryptedKeyNonce: nonce(),
      encryptedInlineData: utf8("1"),
      plainSize: 1,
      encryptedChecksum: utf8("part"),
      header: on.header,
    }),
  );
  const { items } = await on.client.listSegments(ListSegmentsRequest.fromPartial({ streamId, header: on.header }));
  t.is(Buffer.from(items[0]!.encryptedChecksum).toString(), "part");
});

test("metadata is not replaced around a checksum", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const { streamId } = await putInline(on, "bucket", "key", { commit: { ...key, ...checksum } });
  const update = (fields: object) =>
    on.client.updateObjectMetadata(
      UpdateObjectMetadataRequest.fromPartial({ ...at(on, "key"), streamId, ...key, ...fields }),
    );
  const custom = { encryptedMetadata: new Uint8Array([0x0a, 0x01, 0x61]), includes: { custom: true } };
  t.is((await failure(update(custom))).status, RpcStatus.InsufficientObjectMetadataIncludes);
  await update({ ...custom, ...checksum, checksumAlgorithm: 1, includes: { custom: true, checksum: true } });
  t.deepEqual(await checksumOf(on, "key"), [1, true, "checksum"]);
});

test("checksums follow the rules, and may be off", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const status = async (fields: object) =>
    (await failure(putInline(on, "bucket", "key", { commit: { ...key, ...fields } }))).status;
  t.is(await status({ ...checksum, checksumAlgorithm: 6 }), RpcStatus.ChecksumAlgorithmInvalid);
  t.is(await status({ checksumAlgorithm: sha256 }), RpcStatus.ChecksumMissing);
  t.is(await status({ isChecksumComposite: true }), RpcStatus.ChecksumTypeUnexpected);
  t.is(await status({ encryptedChecksum: utf8("1") }), RpcStatus.ChecksumUnexpected);
  const off = await testSatellite(t, { checksums: false });
  await createBucket(off, "bucket");
  const refused = failure(putInline(off, "bucket", "key", { commit: { ...key, ...checksum } }));
  t.is((await refused).status, RpcStatus.ChecksumsUnsupported);
});
