import { millisOfTimestamp } from "../../../core/bytes/timestamp.js";
import { encryptedSize } from "../../../core/crypto/blocks.js";
import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { CommitSegmentRequest, CommitSegmentResponse } from "../../../proto/gen/metainfo.js";
import type { OrderLimit } from "../../../proto/gen/orders.js";
import { Action } from "../access/caller.js";
import { checkSegmentKey, commitRemoteSegment } from "../data/commit-segment.js";
import { microsOfMillis, microsOfTimestamp } from "../data/times.js";
import { openSegmentId } from "../ids/segment-id.js";
import { checkPieceSizes, piecesOf, verifyPieces } from "../orders/verify-pieces.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checkSegmentChecksum } from "./checksums.js";
import type { Handler } from "./handler.js";
import { redundancyOf } from "./redundancy-message.js";
import { bytesOrNull } from "./user-data-message.js";

/** The checks in the order of storj/storj satellite/metainfo/endpoint_segment.go CommitSegment. */
export const commitSegment: Handler<CommitSegmentRequest, CommitSegmentResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header, { tolerant: true });
  const projectId = caller.project.id;
  const { times } = satellite.config;
  const id = openSegmentId(satellite.seal, projectId, request.segmentId, caller.time, times.segmentCommitMs);
  const { streamId } = id;
  await caller.require({ op: Action.Write, bucket: streamId.bucket, path: streamId.encryptedObjectKey });
  checkSegmentChecksum(satellite.config, request.encryptedChecksum);

  const redundancy =
    id.redundancyScheme === undefined ? satellite.config.redundancy : redundancyOf(id.redundancyScheme);
  const results = request.uploadResult;
  if (results.length < redundancy.optimal) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `the number of results of uploaded pieces (${results.length}) is below the optimal threshold (${redundancy.optimal})`,
    );
  }
  checkPieceSizes(redundancy, request.sizeEncryptedData, results);

  const limits = id.originalOrderLimits.map((addressed) => addressed.limit!);
  const { valid, invalid } = await verifyPieces(satellite.nodes, results, limits, caller.time);
  if (valid.length < redundancy.optimal) {
    const list = invalid.length === 0 ? "" : `. Invalid Pieces:\n${invalid.join("\n")}`;
    throw rpcError(
      RpcStatus.InvalidArgument,
      `Number of valid pieces (${valid.length}) is less than the success threshold (${redundancy.optimal}). Found ${invalid.length} invalid pieces${list}`,
    );
  }
  checkSizes(satellite, request);
  checkCommitInterval(limits, caller.time, times.segmentCommitMs);
  const pieces = piecesOf(valid, limits, id.rootPieceId);

  const segment = { keyNonce: request.encryptedKeyNonce, encryptedKey: request.encryptedKey };
  checkSegmentKey(segment);
  await satellite.usage.checkUpload(caller.project);
  await satellite.db.write((tx) =>
    commitRemoteSegment(tx, {
      ...segment,
      projectId,
      bucket: streamId.bucket,
      key: streamId.encryptedObjectKey,
      version: streamId.version,
      streamId: streamId.streamId,
      position: { part: id.partNumber, index: id.index },
      now: microsOfMillis(caller.time),
      expiresAt: microsOfTimestamp(streamId.expirationDate),
      plainSize: request.plainSize,
      encryptedSize: request.sizeEncryptedData,
      etag: bytesOrNull(request.encryptedETag),
      checksum: bytesOrNull(request.encryptedChecksum),
      rootPieceId: id.rootPieceId,
      redundancy,
      pieces,
      placement: streamId.placement,
    }),
  );
  satellite.usage.stored(projectId, { bytes: request.sizeEncryptedData, segments: 1 });
  return { successfulPieces: pieces.length };
};

function checkSizes(satellite: SatelliteParts, request: CommitSegmentRequest): void {
  // The smallest blocks give the most overhead that a cipher may add.
  const most = encryptedSize(satellite.config.limits.maxSegmentSize, CipherSuite.AesGcm, 128);
  const { sizeEncryptedData, plainSize } = request;
  if (sizeEncryptedData > most || sizeEncryptedData < 0) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `metainfo: encrypted segment size ${sizeEncryptedData} is out of range, maximum allowed is ${most}`,
    );
  }
  if (plainSize > sizeEncryptedData || plainSize < 0) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `metainfo: plain segment size ${plainSize} is out of range, maximum allowed is ${sizeEncryptedData}`,
    );
  }
}

function checkCommitInterval(limits: readonly OrderLimit[], nowMs: number, maxMs: number): void {
  if (limits.some((limit) => nowMs - (millisOfTimestamp(limit.orderCreation) ?? 0) > maxMs)) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `metainfo: Segment not committed before max commit interval of ${(maxMs / 60_000).toFixed(6)} minutes.`,
    );
  }
}
