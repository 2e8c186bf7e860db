import test from "ava";
import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BeginCopyObjectRequest,
  type BeginCopyObjectResponse,
  BeginDeleteObjectRequest,
  BeginMoveObjectRequest,
  DownloadObjectRequest,
  FinishCopyObjectRequest,
  FinishMoveObjectRequest,
  type RequestHeader,
} from "../../../proto/gen/metainfo.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import { encryptedKey, failure, nonce, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { createBucket, putInline } from "../../helpers/satellite-calls.js";

const metadata = StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo: utf8("info") })).finish();
const user = () => ({
  encryptedMetadata: metadata,
  encryptedMetadataNonce: nonce(),
  encryptedMetadataEncryptedKey: encryptedKey(),
});

async function satelliteWithObject(t: Parameters<typeof testSatellite>[0]): Promise<TestSatellite> {
  const on = await testSatellite(t);
  await createBucket(on, "from");
  await createBucket(on, "onto");
  await putInline(on, "from", "key", { data: utf8("content"), commit: { ...user(), encryptedEtag: utf8("tag") } });
  return on;
}

const names = (from: [string, string], to: [string, string], header: RequestHeader) => ({
  bucket: utf8(from[0]),
  encryptedObjectKey: utf8(from[1]),
  newBucket: utf8(to[0]),
  newEncryptedObjectKey: utf8(to[1]),
  header,
});

const newKeys = (begun: Pick<BeginCopyObjectResponse, "segmentKeys">) =>
  begun.segmentKeys.map(({ position }) => ({ position, encryptedKey: encryptedKey(), encryptedKeyNonce: nonce() }));

async function copy(
  on: TestSatellite,
  from: [string, string],
  to: [string, string],
  fields: Parameters<typeof FinishCopyObjectRequest.fromPartial>[0] = {},
) {
  const begun = await on.client.beginCopyObject(BeginCopyObjectRequest.fromPartial(names(from, to, on.header)));
  return on.client.finishCopyObject(
    FinishCopyObjectRequest.fromPartial({
      streamId: begun.streamId,
      newBucket: utf8(to[0]),
      newEncryptedObjectKey: utf8(to[1]),
      newEncryptedMetadataKeyNonce: nonce(),
      newEncryptedMetadataKey: encryptedKey(),
      newSegmentKeys: newKeys(begun),
      header: on.header,
      ...fields,
    }),
  );
}

async function content(on: TestSatellite, bucket: string, key: string): Promise<string> {
  const reply = await on.client.downloadObject(
    DownloadObjectRequest.fromPartial({ bucket: utf8(bucket), encryptedObjectKey: utf8(key), header: on.header }),
  );
  return Buffer.from(reply.segmentDownload[0]!.encryptedInlineData).toString();
}

test("a copy has the data, the metadata and keys of its own", async (t) => {
  const on = await satelliteWithObject(t);
  const key = encryptedKey();
  const { object } = await copy(on, ["from", "key"], ["onto", "copy"], { newEncryptedMetadataKey: key });
  t.is(Buffer.from(object!.encryptedEtag).toString(), "tag");
  t.is(toHex(object!.encryptedMetadataEncryptedKey), toHex(key));
  t.is(Buffer.from(StreamMeta.decode(object!.encryptedMetadata).encryptedStreamInfo).toString(), "info");
  t.is(object!.plainSize, 7);
  await on.client.beginDeleteObject(
    BeginDeleteObjectRequest.fromPartial({ bucket: utf8("from"), encryptedObjectKey: utf8("key"), header: on.header }),
  );
  t.is(await content(on, "onto", "copy"), "content");
});

test("a copy may replace its target, and even its source", async (t) => {
  const on = await satelliteWithObject(t);
  await putInline(on, "onto", "copy", { data: utf8("old") });
  await copy(on, ["from", "key"], ["onto", "copy"]);
  t.is(await content(on, "onto", "copy"), "content");
  await copy(on, ["from", "key"], ["from", "key"]);
  t.is(await content(on, "from", "key"), "content");
  const taken = await failure(copy(on, ["from", "key"], ["onto", "copy"], { ifNoneMatch: ["*"] }));
  t.is(taken.message, "metabase: failed precondition: object already exists");
});

test("a copy can bring new metadata", async (t) => {
  const on = await satelliteWithObject(t);
  const { object } = await copy(on, ["from", "key"], ["onto", "copy"], {
    overrideMetadata: true,
    newEncryptedMetadata: StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo: utf8("new") })).finish(),
  });
  t.is(Buffer.from(StreamMeta.decode(object!.encryptedMetadata).encryptedStreamInfo).toString(), "new");
  t.is(object!.encryptedEtag.length, 0);
});

test("a copy needs a key for every segment and an unchanged source", async (t) => {
  const on = await satelliteWithObject(t);
  t.deepEqual(await failure(copy(on, ["from", "key"], ["onto", "copy"], { newSegmentKeys: [] })), {
    status: RpcStatus.InvalidArgument,
    message: "metabase: invalid request: wrong number of segments keys received (received 0, need 1)",
  });
  const begun = await on.client.beginCopyObject(
    BeginCopyObjectRequest.fromPartial(names(["from", "key"], ["onto", "copy"], on.header)),
  );
  await putInline(on, "from", "key", { data: utf8("changed") });
  const late = copy(on, ["from", "key"], ["onto", "copy"], { streamId: begun.streamId });
  t.deepEqual(await failure(late), {
    status: RpcStatus.NotFound,
    message: "object not found: object was changed during copy",
  });
  t.is((await failure(content(on, "onto", "copy"))).status, RpcStatus.NotFound);
});

test("an object moves, over another one too, and onto itself", async (t) => {
  const on = await satelliteWithObject(t);
  const move = async (from: [string, string], to: [string, string], header = on.header) => {
    const begun = await on.client.beginMoveObject(BeginMoveObjectRequest.fromPartial(names(from, to, header)));
    await on.client.finishMoveObject(
      FinishMoveObjectRequest.fromPartial({
        streamId: begun.streamId,
        newBucket: utf8(to[0]),
        newEncryptedObjectKey: utf8(to[1]),
        newEncryptedMetadataKeyNonce: nonce(),
        newEncryptedMetadataKey: encryptedKey(),
        newSegmentKeys: newKeys(begun),
        header,
      }),
    );
  };
  await move(["from", "key"], ["onto", "moved"]);
  t.is(await content(on, "onto", "moved"), "content");
  t.is((await failure(content(on, "from", "key"))).status, RpcStatus.NotFound);
  await putInline(on, "from", "key", { data: utf8("other") });
  await move(["onto", "moved"], ["from", "key"]);
  t.is(await content(on, "from", "key"), "content");
  await move(["from", "key"], ["from", "key"]);
  t.is(await content(on, "from", "key"), "content");
  const noDelete = on.restricted({ disallowDeletes: true });
  t.is((await failure(move(["from", "key"], ["onto", "x"], noDelete))).status, RpcStatus.PermissionDenied);
});
