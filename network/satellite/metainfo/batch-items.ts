import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { CallContext } from "../../../core/rpc/transport.js";
import type { BatchRequestItem, BatchResponseItem } from "../../../proto/gen/metainfo.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { beginDeleteObject } from "./begin-delete-object.js";
import { beginObject } from "./begin-object.js";
import { beginSegment } from "./begin-segment.js";
import { getBucketObjectLockConfiguration, setBucketObjectLockConfiguration } from "./bucket-object-lock.js";
import { commitObject } from "./commit-object.js";
import { commitSegment } from "./commit-segment.js";
import { createBucket } from "./create-bucket.js";
import { deleteBucket } from "./delete-bucket.js";
import { deleteObjects } from "./delete-objects.js";
import { downloadObject } from "./download-object.js";
import { downloadSegment } from "./download-segment.js";
import { getBucket, getBucketLocation, getBucketVersioning } from "./get-bucket.js";
import { getObject } from "./get-object.js";
import { listBuckets } from "./list-buckets.js";
import { listObjects } from "./list-objects.js";
import { listSegments } from "./list-segments.js";
import { makeInlineSegment } from "./make-inline-segment.js";
import { setObjectLegalHold } from "./object-legal-hold.js";
import { getObjectRetention, setObjectRetention } from "./object-retention.js";
import { retryBeginSegmentPieces } from "./retry-begin-segment-pieces.js";
import { revokeApiKey } from "./revoke-api-key.js";
import { setBucketVersioning } from "./set-bucket-versioning.js";

type RequestItem = NonNullable<BatchRequestItem["request"]>;
type ResponseItem = NonNullable<BatchResponseItem["response"]>;

/** Runs one item of a batch; only the kinds that the real satellite takes in batches are known. */
export async function batchItems(
  satellite: SatelliteParts,
  item: RequestItem,
  context: CallContext,
): Promise<ResponseItem> {
  switch (item.$case) {
    case "bucketCreate":
      return { $case: item.$case, value: await createBucket(satellite, item.value, context) };
    case "bucketGet":
      return { $case: item.$case, value: await getBucket(satellite, item.value, context) };
    case "bucketGetLocation":
      return { $case: item.$case, value: await getBucketLocation(satellite, item.value, context) };
    case "bucketGetVersioning":
      return { $case: item.$case, value: await getBucketVersioning(satellite, item.value, context) };
    case "bucketSetVersioning":
      return { $case: item.$case, value: await setBucketVersioning(satellite, item.value, context) };
    case "bucketGetObjectLockConfiguration":
      return { $case: item.$case, value: await getBucketObjectLockConfiguration(satellite, item.value, context) };
    case "bucketSetObjectLockConfiguration":
      return { $case: item.$case, value: await setBucketObjectLockConfiguration(satellite, item.value, context) };
    case "bucketDelete":
      return { $case: item.$case, value: await deleteBucket(satellite, item.value, context) };
    case "bucketList":
      return { $case: item.$case, value: await listBuckets(satellite, item.value, context) };
    case "objectBegin":
      return { $case: item.$case, value: await beginObject(satellite, item.value, context) };
    case "objectCommit":
      return { $case: item.$case, value: await commitObject(satellite, item.value, context) };
    case "objectGet":
      return { $case: item.$case, value: await getObject(satellite, item.value, context) };
    case "objectDownload":
      return { $case: item.$case, value: await downloadObject(satellite, item.value, context) };
    case "objectList":
      return { $case: item.$case, value: await listObjects(satellite, item.value, context) };
    case "objectBeginDelete":
      return { $case: item.$case, value: await beginDeleteObject(satellite, item.value, context) };
    case "objectsDelete":
      return { $case: item.$case, value: await deleteObjects(satellite, item.value, context) };
    case "objectGetRetention":
      return { $case: item.$case, value: await getObjectRetention(satellite, item.value, context) };
    case "objectSetRetention":
      return { $case: item.$case, value: await setObjectRetention(satellite, item.value, context) };
    case "objectSetLegalHold":
      return { $case: item.$case, value: await setObjectLegalHold(satellite, item.value, context) };
    case "segmentBegin":
      return { $case: item.$case, value: await beginSegment(satellite, item.value, context) };
    case "segmentCommit":
      return { $case: item.$case, value: await commitSegment(satellite, item.value, context) };
    case "segmentList":
      return { $case: item.$case, value: await listSegments(satellite, item.value, context) };
    case "segmentMakeInline":
      return { $case: item.$case, value: await makeInlineSegment(satellite, item.value, context) };
    case "segmentDownload":
      return { $case: item.$case, value: await downloadSegment(satellite, item.value, context) };
    case "segmentBeginRetryPieces":
      return { $case: item.$case, value: await retryBeginSegmentPieces(satellite, item.value, context) };
    case "revokeApiKey":
      return { $case: item.$case, value: await revokeApiKey(satellite, item.value, context) };
    case "objectFinishDelete":
    case "segmentBeginDelete":
    case "segmentFinishDelete":
      throw rpcError(RpcStatus.Unimplemented, "Unimplemented");
    default:
      throw rpcError(RpcStatus.Unknown, "unsupported request type");
  }
}
