import { isPosternError } from "../../../core/errors.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { type BoundService, bindService, type CallContext, type ServiceHandlers } from "../../../core/rpc/transport.js";
import { MetainfoDefinition } from "../../../proto/gen/metainfo.js";
import { isConstraintError } from "../db/errors.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { accountLicenses } from "./account-licenses.js";
import { batch, compressedBatch } from "./batch.js";
import { beginCopyObject } from "./begin-copy-object.js";
import { beginDeleteObject } from "./begin-delete-object.js";
import { beginMoveObject } from "./begin-move-object.js";
import { beginObject } from "./begin-object.js";
import { beginSegment } from "./begin-segment.js";
import { getBucketNotificationConfiguration, setBucketNotificationConfiguration } from "./bucket-notifications.js";
import { getBucketObjectLockConfiguration, setBucketObjectLockConfiguration } from "./bucket-object-lock.js";
import { getBucketTagging, setBucketTagging } from "./bucket-tagging.js";
import { commitObject } from "./commit-object.js";
import { commitSegment } from "./commit-segment.js";
import { createBucket } from "./create-bucket.js";
import { deleteBucket } from "./delete-bucket.js";
import { deleteObjects } from "./delete-objects.js";
import { downloadObject } from "./download-object.js";
import { downloadSegment } from "./download-segment.js";
import { finishCopyObject } from "./finish-copy-object.js";
import { finishMoveObject } from "./finish-move-object.js";
import { getBucket, getBucketLocation, getBucketVersioning } from "./get-bucket.js";
import { getObject } from "./get-object.js";
import { getObjectIps } from "./get-object-ips.js";
import { getPendingObjectMetadata } from "./get-pending-object-metadata.js";
import type { Handler } from "./handler.js";
import { listBuckets } from "./list-buckets.js";
import { listObjects } from "./list-objects.js";
import { listPendingObjectStreams } from "./list-pending-object-streams.js";
import { listSegments } from "./list-segments.js";
import { makeInlineSegment } from "./make-inline-segment.js";
import { getObjectLegalHold, setObjectLegalHold } from "./object-legal-hold.js";
import { getObjectRetention, setObjectRetention } from "./object-retention.js";
import { projectInfo } from "./project-info.js";
import { retryBeginSegmentPieces } from "./retry-begin-segment-pieces.js";
import { revokeApiKey } from "./revoke-api-key.js";
import { setBucketVersioning } from "./set-bucket-versioning.js";
import { updateObjectMetadata } from "./update-object-metadata.js";

/** Parts can not be deleted alone, and the real satellite has no more to say to that. */
const nothing = async () => ({});

/** The Metainfo service. Calls of old clients that the real satellite no longer knows answer Unimplemented. */
export function metainfoService(satellite: SatelliteParts): BoundService {
  function bound<Request, Response>(handler: Handler<Request, Response>) {
    return (request: Request, context: CallContext) => guarded(satellite, () => handler(satellite, request, context));
  }
  const handlers: ServiceHandlers<MetainfoDefinition> = {
    createBucket: bound(createBucket),
    getBucket: bound(getBucket),
    getBucketLocation: bound(getBucketLocation),
    getBucketVersioning: bound(getBucketVersioning),
    setBucketVersioning: bound(setBucketVersioning),
    getBucketObjectLockConfiguration: bound(getBucketObjectLockConfiguration),
    setBucketObjectLockConfiguration: bound(setBucketObjectLockConfiguration),
    deleteBucket: bound(deleteBucket),
    listBuckets: bound(listBuckets),
    getBucketTagging: bound(getBucketTagging),
    setBucketTagging: bound(setBucketTagging),
    getBucketNotificationConfiguration: bound(getBucketNotificationConfiguration),
    setBucketNotificationConfiguration: bound(setBucketNotificationConfiguration),
    beginObject: bound(beginObject),
    commitObject: bound(commitObject),
    getObject: bound(getObject),
    listObjects: bound(listObjects),
    beginDeleteObject: bound(beginDeleteObject),
    deleteObjects: bound(deleteObjects),
    getObjectIPs: bound(getObjectIps),
    listPendingObjectStreams: bound(listPendingObjectStreams),
    downloadObject: bound(downloadObject),
    getPendingObjectMetadata: bound(getPendingObjectMetadata),
    updateObjectMetadata: bound(updateObjectMetadata),
    getObjectRetention: bound(getObjectRetention),
    setObjectRetention: bound(setObjectRetention),
    getObjectLegalHold: bound(getObjectLegalHold),
    setObjectLegalHold: bound(setObjectLegalHold),
    beginSegment: bound(beginSegment),
    retryBeginSegmentPieces: bound(retryBeginSegmentPieces),
    commitSegment: bound(commitSegment),
    makeInlineSegment: bound(makeInlineSegment),
    listSegments: bound(listSegments),
    downloadSegment: bound(downloadSegment),
    deletePart: nothing,
    batch: bound(batch),
    compressedBatch: bound(compressedBatch),
    projectInfo: bound(projectInfo),
    revokeAPIKey: bound(revokeApiKey),
    accountLicenses: bound(accountLicenses),
    beginMoveObject: bound(beginMoveObject),
    finishMoveObject: bound(finishMoveObject),
    beginCopyObject: bound(beginCopyObject),
    finishCopyObject: bound(finishCopyObject),
  };
  return bindService(MetainfoDefinition, handlers);
}

/**
 * Errors that say what the caller is to see pass. What the database refuses for a race may be tried again; all else is
 * a fault in here, and of no use to a stranger.
 */
async function guarded<T>(satellite: SatelliteParts, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isPosternError(error) && error.status !== undefined) throw error;
    if (isConstraintError(error)) throw rpcError(RpcStatus.Aborted, "conflict with another call", error);
    satellite.onProblem("a call failed", error);
    const busy = isPosternError(error, "unavailable");
    throw rpcError(busy ? RpcStatus.Unavailable : RpcStatus.Internal, busy ? "unavailable" : "internal error", error);
  }
}
