import test from "ava";
import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BatchRequest,
  type BatchRequestItem,
  BatchResponse,
  BeginSegmentRequest,
  CompressedBatchRequest,
  DownloadSegmentRequest,
  FinishDeleteObjectRequest,
  GetBucketRequest,
  GetObjectRequest,
  SetBucketTaggingRequest,
} from "../../../proto/gen/metainfo.js";
import { StreamID } from "../../../proto/gen/metainfo_sat.js";
import { addNodes, failure, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { createBucket, inlineItems, putInline } from "../../helpers/satellite-calls.js";

const run = (on: TestSatellite, requests: BatchRequestItem[], header = on.header) =>
  on.client.batch({ requests, header });

const getBucket = (name: string): BatchRequestItem => ({
  request: { $case: "bucketGet", value: GetBucketRequest.fromPartial({ name: utf8(name) }) },
});
const getObject = (key: string): BatchRequestItem => ({
  request: {
    $case: "objectGet",
    value: GetObjectRequest.fromPartial({ bucket: utf8("bucket"), encryptedObjectKey: utf8(key) }),
  },
});

test("ids that an item leaves out are those of the item before", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await addNodes(on.satellite, 10, on.clock.now);
  await putInline(on, "bucket", "key");
  const { responses } = await run(on, [
    getObject("key"),
    { request: { $case: "segmentDownload", value: DownloadSegmentRequest.fromPartial({ cursorPosition: {} }) } },
  ]);
  const second = responses[1]!.response;
  t.true(second?.$case === "segmentDownload" && Buffer.from(second.value.encryptedInlineData).toString() === "data");

  const [begin] = inlineItems("bucket", "remote");
  const segment: BatchRequestItem = {
    request: { $case: "segmentBegin", value: BeginSegmentRequest.fromPartial({ position: {}, maxOrderLimit: 1000 }) },
  };
  const begun = (await run(on, [begin!, segment])).responses;
  t.is(begun[1]!.response!.$case, "segmentBegin");
  const first = begun[0]!.response;
  if (first?.$case !== "objectBegin") throw new Error("no begin");
  t.false(StreamID.decode(first.value.streamId).multipartObject);
  const alone = (await run(on, [begin!])).responses[0]!.response;
  if (alone?.$case !== "objectBegin") throw new Error("no begin");
  t.true(StreamID.decode(alone.value.streamId).multipartObject);
});

test("the first failure fails the batch, and what ran before stays", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const items = [...inlineItems("bucket", "stored"), getBucket("nobucket"), ...inlineItems("bucket", "never")];
  t.deepEqual(await failure(run(on, items)), {
    status: RpcStatus.NotFound,
    message: "bucket not found: nobucket",
  });
  await t.notThrowsAsync(run(on, [getObject("stored")]));
  t.is((await failure(run(on, [getObject("never")]))).status, RpcStatus.NotFound);
});

test("the batch's header counts, not those of its items", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const item: BatchRequestItem = {
    request: { $case: "bucketGet", value: GetBucketRequest.fromPartial({ name: utf8("bucket"), header: on.header }) },
  };
  t.is((await failure(run(on, [item], await on.stranger()))).status, RpcStatus.NotFound);
});

test("compressed batches are answered uncompressed", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const data = BatchRequest.encode({ requests: [getBucket("bucket")], header: on.header }).finish();
  const reply = await on.client.compressedBatch(CompressedBatchRequest.fromPartial({ supported: [1], data }));
  t.is(reply.selected, 0);
  t.is(BatchResponse.decode(reply.data).responses[0]!.response!.$case, "bucketGet");

  const empty = await on.client.compressedBatch(CompressedBatchRequest.fromPartial({ supported: [1] }));
  t.is(empty.data.length, 0);

  // BatchRequest {} as a zstd frame with one raw block, and something that is none.
  const frame = Uint8Array.from(Buffer.from("28b52ffd2000010000", "hex"));
  const zstd = await on.client.compressedBatch(CompressedBatchRequest.fromPartial({ selected: 1, data: frame }));
  t.is(toHex(zstd.data), "");
  const broken = CompressedBatchRequest.fromPartial({ selected: 1, data: utf8("not a frame at all") });
  t.is((await failure(on.client.compressedBatch(broken))).status, RpcStatus.Unknown);
});

test("what the satellite does not do is said so", async (t) => {
  const on = await testSatellite(t);
  const tagging = SetBucketTaggingRequest.fromPartial({ name: utf8("bucket") });
  t.deepEqual(await failure(run(on, [{ request: { $case: "bucketSetTagging", value: tagging } }])), {
    status: RpcStatus.Unknown,
    message: "unsupported request type",
  });
  t.deepEqual(
    await failure(on.client.finishDeleteObject(FinishDeleteObjectRequest.fromPartial({ header: on.header }))),
    {
      status: RpcStatus.Unimplemented,
      message: "Unimplemented",
    },
  );
});
