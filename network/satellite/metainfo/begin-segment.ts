import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { BeginSegmentRequest, BeginSegmentResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { pendingObjectMissing } from "../data/errors.js";
import { pendingObject } from "../data/find-object.js";
import { pieceSizeOf } from "../data/segment-record.js";
import { sealSegmentId } from "../ids/segment-id.js";
import { openStreamId } from "../ids/stream-id.js";
import { selectNodes } from "../nodes/select.js";
import { createOrderSigner, uploadAction } from "../orders/order-limits.js";
import type { Handler } from "./handler.js";
import { redundancyMessage } from "./redundancy-message.js";
import { segmentPosition } from "./segment-position.js";

export const beginSegment: Handler<BeginSegmentRequest, BeginSegmentResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header, { tolerant: true });
  const projectId = caller.project.id;
  const streamId = openStreamId(satellite.seal, projectId, request.streamId);
  await caller.require({ op: Action.Write, bucket: streamId.bucket, path: streamId.encryptedObjectKey });
  const position = segmentPosition(request.position);
  const { redundancy, times, minFreeDisk } = satellite.config;
  if (request.maxOrderLimit < 0) throw rpcError(RpcStatus.InvalidArgument, "max order limit is negative");

  // The begin of a regular upload is in the same batch; a part may come long after an upload was given up.
  if (streamId.multipartObject) {
    await satellite.usage.checkUpload(caller.project);
    const stream = { projectId, bucket: streamId.bucket, key: streamId.encryptedObjectKey };
    const pending = await pendingObject(satellite.db.read, stream, streamId.version, streamId.streamId);
    if (pending === undefined) throw pendingObjectMissing();
  }

  const pieceSize = pieceSizeOf(redundancy, request.maxOrderLimit);
  const nodes = selectNodes(satellite.nodes, {
    count: redundancy.total,
    least: redundancy.optimal,
    minFreeDisk: Math.max(minFreeDisk, pieceSize),
  });
  const signer = createOrderSigner(satellite.identity, {
    action: uploadAction,
    limit: pieceSize,
    nowMs: caller.time,
    expirationMs: times.orderExpirationMs,
    pieceExpiration: streamId.expirationDate,
    metadata: satellite.orderMetadata.seal({ projectId, bucket: streamId.bucket }),
  });
  const addressedLimits = nodes.map((node, number) => signer.limitFor(node, number));
  const redundancyScheme = redundancyMessage(redundancy);
  const segmentId = sealSegmentId(satellite.seal, projectId, {
    streamId,
    partNumber: position.part,
    index: position.index,
    rootPieceId: signer.rootPieceId,
    originalOrderLimits: addressedLimits,
    creationDate: timestampOfMillis(caller.time),
    satelliteSignature: new Uint8Array(0),
    redundancyScheme,
  });
  return {
    segmentId,
    addressedLimits,
    privateKey: signer.privateKey,
    redundancyScheme,
    cohortRequirements: undefined,
  };
};
