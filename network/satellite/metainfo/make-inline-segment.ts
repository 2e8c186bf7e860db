import { encryptedSize } from "../../../core/crypto/blocks.js";
import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { MakeInlineSegmentRequest, MakeInlineSegmentResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { checkSegmentKey, commitInlineSegment } from "../data/commit-segment.js";
import { invalidRequest } from "../data/errors.js";
import { sizeText } from "../data/segment-totals.js";
import { microsOfMillis, microsOfTimestamp } from "../data/times.js";
import { openStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checkSegmentChecksum } from "./checksums.js";
import type { Handler } from "./handler.js";
import { segmentPosition } from "./segment-position.js";
import { bytesOrNull } from "./user-data-message.js";

export const makeInlineSegment: Handler<MakeInlineSegmentRequest, MakeInlineSegmentResponse> = async (
  satellite,
  request,
) => {
  const caller = await satellite.access.caller(request.header);
  const projectId = caller.project.id;
  const stream = openStreamId(satellite.seal, projectId, request.streamId);
  await caller.require({ op: Action.Write, bucket: stream.bucket, path: stream.encryptedObjectKey });
  const segment = inlineSegmentOf(satellite, request);
  await satellite.usage.checkUpload(caller.project);
  await satellite.db.write((tx) =>
    commitInlineSegment(tx, {
      projectId,
      bucket: stream.bucket,
      key: stream.encryptedObjectKey,
      version: stream.version,
      streamId: stream.streamId,
      now: microsOfMillis(caller.time),
      expiresAt: microsOfTimestamp(stream.expirationDate),
      ...segment,
    }),
  );
  satellite.usage.stored(projectId, { bytes: segment.inlineData.length, segments: 1 });
  return {};
};

/** The segment of the request, checked. The smallest blocks give the most overhead that a cipher may add. */
export function inlineSegmentOf(satellite: SatelliteParts, request: MakeInlineSegmentRequest) {
  const { maxInlineSegmentSize } = satellite.config.limits;
  checkSegmentChecksum(satellite.config, request.encryptedChecksum);
  const position = segmentPosition(request.position);
  if (request.encryptedInlineData.length > encryptedSize(maxInlineSegmentSize, CipherSuite.AesGcm, 128)) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `inline segment size cannot be larger than ${sizeText(maxInlineSegmentSize)}`,
    );
  }
  if (request.plainSize < 0 || request.plainSize > request.encryptedInlineData.length) {
    throw invalidRequest(`PlainSize invalid: ${request.plainSize}`);
  }
  const segment = {
    position,
    keyNonce: request.encryptedKeyNonce,
    encryptedKey: request.encryptedKey,
    plainSize: request.plainSize,
    etag: bytesOrNull(request.encryptedETag),
    checksum: bytesOrNull(request.encryptedChecksum),
    inlineData: request.encryptedInlineData,
  };
  checkSegmentKey(segment);
  return segment;
}
