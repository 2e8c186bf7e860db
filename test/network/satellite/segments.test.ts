import test from "ava";
import { equalBytes, toHex, utf8 } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { verifyChain } from "../../../core/identity/chain.js";
import type { Identity } from "../../../core/identity/identity.js";
import { derivePieceId } from "../../../core/identity/piece-id.js";
import { signPieceHashAsNode, verifyOrderLimit } from "../../../core/identity/signing.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  BeginSegmentRequest,
  type BeginSegmentResponse,
  CommitSegmentRequest,
  DownloadObjectRequest,
  DownloadSegmentRequest,
  GetObjectIPsRequest,
  ListSegmentsRequest,
  RetryBeginSegmentPiecesRequest,
  type SegmentPieceUploadResult,
} from "../../../proto/gen/metainfo.js";
import { SegmentID } from "../../../proto/gen/metainfo_sat.js";
import { PieceAction, PieceHash } from "../../../proto/gen/orders.js";
import { addNodes, encryptedKey, failure, nonce, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, commitUpload, createBucket, makeInline } from "../../helpers/satellite-calls.js";

const maxOrderLimit = 67_254_016;
const pieceSize = 16_813_568;

async function withNodes(t: Parameters<typeof testSatellite>[0], count = 10) {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const nodes = await addNodes(on.satellite, count, on.clock.now);
  return { on, nodes };
}

function beginSegment(on: TestSatellite, streamId: Uint8Array, index = 0, partNumber = 0) {
  return on.client.beginSegment(
    BeginSegmentRequest.fromPartial({ streamId, position: { index, partNumber }, maxOrderLimit, header: on.header }),
  );
}

/** What the nodes of a segment's limits say when they have stored pieces of this size. */
function results(
  on: TestSatellite,
  begun: BeginSegmentResponse,
  nodes: readonly Identity[],
  size: number,
  count = 10,
): SegmentPieceUploadResult[] {
  return begun.addressedLimits.slice(0, count).map(({ limit }, pieceNum) => {
    const node = nodes.find((one) => equalBytes(one.nodeId, limit!.storageNodeId))!;
    const hash = PieceHash.fromPartial({
      pieceId: limit!.pieceId,
      hash: new Uint8Array(32),
      pieceSize: size,
      timestamp: timestampOfMillis(on.clock.now),
      hashAlgorithm: 1,
    });
    return { pieceNum, nodeId: node.nodeId, hash: signPieceHashAsNode(hash, node) };
  });
}

function commitSegment(
  on: TestSatellite,
  segmentId: Uint8Array,
  uploadResult: readonly SegmentPieceUploadResult[],
  encryptedSize: number,
  plainSize = encryptedSize - 16,
) {
  return on.client.commitSegment({
    ...CommitSegmentRequest.fromPartial({
      segmentId,
      encryptedKey: encryptedKey(),
      encryptedKeyNonce: nonce(),
      sizeEncryptedData: encryptedSize,
      plainSize,
      header: on.header,
    }),
    uploadResult: [...uploadResult],
  });
}

/** Pieces of a segment of one cipher block with k = 4 and 256 bytes a share. */
const oneBlock = { encryptedSize: 7424, pieceSize: 2048, plainSize: 7000 };

test("order limits of an upload are what a node and an uplink want", async (t) => {
  const { on, nodes } = await withNodes(t);
  const { streamId } = await beginUpload(on, "bucket", "key");
  const begun = await beginSegment(on, streamId);
  t.is(begun.addressedLimits.length, 10);
  t.is(begun.privateKey.length, 64);
  t.is(begun.redundancyScheme!.minReq, 4);
  const { rootPieceId } = SegmentID.decode(begun.segmentId);
  const { leafKey } = verifyChain(on.identity.chain);
  const serials = new Set<string>();
  const holders = new Set<string>();
  begun.addressedLimits.forEach(({ limit, storageNodeAddress }, number) => {
    t.true(verifyOrderLimit(limit!, leafKey));
    t.is(limit!.limit, pieceSize);
    t.is(limit!.action, PieceAction.PUT);
    t.is(toHex(limit!.satelliteId), toHex(on.identity.nodeId));
    t.is(toHex(limit!.pieceId), toHex(derivePieceId(rootPieceId, limit!.storageNodeId, number)));
    t.is(toHex(limit!.uplinkPublicKey), toHex(begun.privateKey.subarray(32)));
    t.is(limit!.orderExpiration!.seconds - limit!.orderCreation!.seconds, 24 * 3600);
    t.regex(storageNodeAddress!.address, /^node-\d:7777$/);
    serials.add(toHex(limit!.serialNumber));
    holders.add(toHex(limit!.storageNodeId));
  });
  t.is(serials.size, 1);
  t.is(holders.size, nodes.length);
});

test("too few nodes, and nodes that are gone, are not given out", async (t) => {
  const { on, nodes } = await withNodes(t, 9);
  const { streamId } = await beginUpload(on, "bucket", "key");
  t.is((await beginSegment(on, streamId)).addressedLimits.length, 9);
  on.clock.now += 1;
  await on.satellite.nodes.contact(nodes[0]!.nodeId, false);
  const fewer = await beginSegment(on, streamId);
  t.false(fewer.addressedLimits.some(({ limit }) => equalBytes(limit!.storageNodeId, nodes[0]!.nodeId)));
  await on.satellite.nodes.contact(nodes[1]!.nodeId, false);
  t.is((await failure(beginSegment(on, streamId))).status, RpcStatus.FailedPrecondition);
  on.clock.now += 1;
  await on.satellite.nodes.contact(nodes[1]!.nodeId, true);
  t.is((await beginSegment(on, streamId)).addressedLimits.length, 8);
  on.clock.now += 4 * 3_600_000;
  t.is((await failure(beginSegment(on, streamId))).status, RpcStatus.FailedPrecondition);
});

test("a remote segment is committed, listed and downloaded by range", async (t) => {
  const { on, nodes } = await withNodes(t);
  const { streamId } = await beginUpload(on, "bucket", "key");
  const plainSize = 2 * 7408;
  const encryptedSize = 3 * 7424;
  for (const part of [1, 2]) {
    const begun = await beginSegment(on, streamId, 0, part);
    const pieces = results(on, begun, nodes, Math.ceil((encryptedSize + 4) / 1024) * 256);
    const reply = await commitSegment(on, begun.segmentId, pieces, encryptedSize, plainSize);
    t.is(reply.successfulPieces, 10);
  }
  await t.throwsAsync(commitUpload(on, streamId), { message: /size of part number 1 is below minimum threshold/ });
  // One part of any size is fine: drop the first by committing it as the last.
  const single = await beginUpload(on, "bucket", "single");
  const begun = await beginSegment(on, single.streamId, 0, 1);
  await commitSegment(on, begun.segmentId, results(on, begun, nodes, 5632), encryptedSize, plainSize);
  const { object } = await commitUpload(on, single.streamId);
  t.is(object!.plainSize, plainSize);
  t.is(object!.totalSize, encryptedSize);

  const at = { bucket: utf8("bucket"), encryptedObjectKey: utf8("single"), header: on.header };
  const download = await on.client.downloadObject(
    DownloadObjectRequest.fromPartial({
      ...at,
      range: { range: { $case: "startLimit", value: { plainStart: 7408, plainLimit: 7409 } } },
    }),
  );
  const [segment] = download.segmentDownload;
  t.is(segment!.addressedLimits.length, 10);
  const offered = segment!.addressedLimits.filter(({ limit }) => limit !== undefined);
  t.is(offered.length, 5);
  const { leafKey } = verifyChain(on.identity.chain);
  for (const { limit } of offered) {
    t.true(verifyOrderLimit(limit!, leafKey));
    t.is(limit!.action, PieceAction.GET);
    // Cipher block 1 is encrypted bytes 7424 to 14848: stripes 7 to 14 of 1024 bytes.
    t.is(limit!.limit, 8 * 256);
  }
  segment!.addressedLimits.forEach(({ limit }, number) => {
    if (limit !== undefined) t.true(equalBytes(limit.pieceId, begun.addressedLimits[number]!.limit!.pieceId));
  });

  const whole = await on.client.downloadSegment(
    DownloadSegmentRequest.fromPartial({
      streamId: download.object!.streamId,
      cursorPosition: { partNumber: 1, index: 0 },
      desiredNodes: 7,
      header: on.header,
    }),
  );
  const limits = whole.addressedLimits.filter(({ limit }) => limit !== undefined);
  t.is(limits.length, 7);
  t.is(limits[0]!.limit!.limit, 5632);

  const ips = await on.client.getObjectIPs(GetObjectIPsRequest.fromPartial(at));
  t.is(ips.pieceCount, 10);
  t.is(ips.reliablePieceCount, 10);
  t.true(ips.ips.map((ip) => Buffer.from(ip).toString()).includes("127.0.0.1:7003"));

  on.clock.now += 1;
  for (const node of nodes.slice(0, 7)) await on.satellite.nodes.contact(node.nodeId, false);
  t.deepEqual(await failure(on.client.downloadObject(DownloadObjectRequest.fromPartial(at))), {
    status: RpcStatus.Internal,
    message: "unable to create order limits",
  });
});

test("a segment is committed only on the word of enough nodes", async (t) => {
  const { on, nodes } = await withNodes(t);
  const { streamId } = await beginUpload(on, "bucket", "key");
  const begun = await beginSegment(on, streamId);
  const good = results(on, begun, nodes, oneBlock.pieceSize);
  const commit = (pieces: readonly SegmentPieceUploadResult[], size = oneBlock.encryptedSize, plain?: number) =>
    commitSegment(on, begun.segmentId, pieces, size, plain);
  const changed = (change: (one: SegmentPieceUploadResult, i: number) => SegmentPieceUploadResult) =>
    good.map((one, i) => (i < 3 ? change(one, i) : one));

  t.deepEqual(await failure(commit(good.slice(0, 7))), {
    status: RpcStatus.InvalidArgument,
    message: "the number of results of uploaded pieces (7) is below the optimal threshold (8)",
  });
  const bad = [
    // Somebody else's signature, another piece, a piece that was renamed, and one twice.
    changed((one) => ({ ...one, hash: signPieceHashAsNode(one.hash!, on.identity) })),
    changed((one, i) => ({ ...one, hash: good[i + 5]!.hash })),
    changed((one) => ({ ...one, pieceNum: 77 })),
    changed(() => good[5]!),
    changed((one) => ({ ...one, hash: undefined })),
    changed((one) => ({ ...one, nodeId: on.identity.nodeId })),
  ];
  for (const pieces of bad) {
    const { status, message } = await failure(commit(pieces));
    t.is(status, RpcStatus.InvalidArgument);
    t.regex(message, /^Number of valid pieces \(7\) is less than the success threshold \(8\)\. Found 3 invalid pieces/);
  }
  t.regex((await failure(commit(good, 9000))).message, /^piece sizes are invalid: .*2304 != 2048/);
  t.regex(
    (await failure(commit(good, oneBlock.encryptedSize, 7425))).message,
    /plain segment size 7425 is out of range/,
  );

  // Two liars do not matter when eight others tell the truth.
  const two = good.map((one, i) => (i < 2 ? { ...one, hash: signPieceHashAsNode(one.hash!, on.identity) } : one));
  t.is((await commit(two)).successfulPieces, 8);
  on.clock.now += 24 * 3_600_000 + 1;
  t.regex((await failure(commit(good))).message, /piece hash timestamp is too old/);
  on.clock.now += 24 * 3_600_000;
  t.is((await failure(commit(good))).message, "segment ID expired");
});

test("nothing can be added to an upload that was committed or given up", async (t) => {
  const { on, nodes } = await withNodes(t);
  const { streamId } = await beginUpload(on, "bucket", "key");
  const begun = await beginSegment(on, streamId);
  await commitUpload(on, streamId);
  const gone = { status: RpcStatus.NotFound, message: "pending object missing" };
  t.deepEqual(await failure(makeInline(on, streamId, {}, utf8("x"))), gone);
  t.deepEqual(await failure(beginSegment(on, streamId)), gone);
  const pieces = results(on, begun, nodes, oneBlock.pieceSize);
  t.deepEqual(await failure(commitSegment(on, begun.segmentId, pieces, oneBlock.encryptedSize)), gone);
  t.deepEqual(await failure(commitUpload(on, streamId)), {
    status: RpcStatus.NotFound,
    message: "object not found: metabase: object with specified version and pending status is missing",
  });
});

test("failed pieces are given other nodes, and the rest keeps its own", async (t) => {
  const { on, nodes } = await withNodes(t, 13);
  const { streamId } = await beginUpload(on, "bucket", "key");
  const begun = await beginSegment(on, streamId);
  const retry = (retryPieceNumbers: number[], segmentId = begun.segmentId) =>
    on.client.retryBeginSegmentPieces(
      RetryBeginSegmentPiecesRequest.fromPartial({ segmentId, retryPieceNumbers, header: on.header }),
    );
  const { leafKey } = verifyChain(on.identity.chain);
  const again = await retry([2, 5]);
  const first = new Set(begun.addressedLimits.map(({ limit }) => toHex(limit!.storageNodeId)));
  again.addressedLimits.forEach(({ limit }, number) => {
    t.true(verifyOrderLimit(limit!, leafKey));
    const same = equalBytes(limit!.storageNodeId, begun.addressedLimits[number]!.limit!.storageNodeId);
    t.is(same, number !== 2 && number !== 5);
    if (!same) t.false(first.has(toHex(limit!.storageNodeId)));
  });
  const changed = { ...begun, addressedLimits: again.addressedLimits };
  const pieces = results(on, changed, nodes, oneBlock.pieceSize);
  t.is((await commitSegment(on, again.segmentId, pieces, oneBlock.encryptedSize)).successfulPieces, 10);

  t.is((await failure(retry([]))).message, "piece numbers to exchange cannot be empty");
  t.is((await failure(retry([10]))).message, "piece number 10 must be within range [0,9]");
  t.is((await failure(retry([1, 1]))).message, "piece number 1 is duplicated");
  t.is((await failure(retry([1, 2, 3, 4]))).status, RpcStatus.FailedPrecondition);
  t.is((await failure(retry([1], again.segmentId.subarray(1)))).message, "signature is not valid");
});

test("parts may come in any order and more than once", async (t) => {
  const { on } = await withNodes(t);
  const { streamId } = await beginUpload(on, "bucket", "key");
  await makeInline(on, streamId, { partNumber: 3 }, utf8("last"));
  await makeInline(on, streamId, { partNumber: 1 }, utf8("wrong"));
  await makeInline(on, streamId, { partNumber: 1 }, utf8("first"));
  const listParts = (cursorPosition?: { partNumber: number; index: number }, limit = 0) =>
    on.client.listSegments(ListSegmentsRequest.fromPartial({ streamId, cursorPosition, limit, header: on.header }));
  const all = await listParts();
  t.deepEqual(
    all.items.map((item) => [item.position!.partNumber, item.plainSize]),
    [
      [1, 5],
      [3, 4],
    ],
  );
  t.is(all.encryptionParameters!.cipherSuite, 2);
  t.is((await listParts({ partNumber: 1, index: 0 })).items.length, 1);
  t.true((await listParts(undefined, 1)).more);
});

test("offsets and sizes are worked out at the commit", async (t) => {
  const on = await testSatellite(t, { limits: { minPartSize: 3 } });
  await createBucket(on, "bucket");
  const { streamId } = await beginUpload(on, "bucket", "key");
  await makeInline(on, streamId, { partNumber: 2, index: 1 }, utf8("ef"));
  await makeInline(on, streamId, { partNumber: 2 }, utf8("d"));
  await makeInline(on, streamId, { partNumber: 1 }, utf8("abc"));
  const { object } = await commitUpload(on, streamId);
  t.is(object!.plainSize, 6);
  const ranged = async (start: number, limit: number) => {
    const reply = await on.client.downloadObject(
      DownloadObjectRequest.fromPartial({
        bucket: utf8("bucket"),
        encryptedObjectKey: utf8("key"),
        range: { range: { $case: "startLimit", value: { plainStart: start, plainLimit: limit } } },
        header: on.header,
      }),
    );
    const first = reply.segmentDownload[0]?.encryptedInlineData ?? new Uint8Array(0);
    return [reply.segmentList!.items.map((item) => item.plainOffset).join(), Buffer.from(first).toString()];
  };
  t.deepEqual(await ranged(0, 6), ["0,3,4", "abc"]);
  t.deepEqual(await ranged(2, 4), ["0,3", "abc"]);
  t.deepEqual(await ranged(3, 4), ["3", "d"]);
  t.deepEqual(await ranged(4, 100), ["4", "ef"]);
  t.deepEqual(await ranged(6, 7), ["", ""]);
});
