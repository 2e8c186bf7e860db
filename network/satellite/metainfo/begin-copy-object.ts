import { isPosternError } from "../../../core/errors.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import type { BeginCopyObjectRequest, BeginCopyObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { objectNotFound } from "../data/errors.js";
import type { ObjectLocation, ObjectRecord } from "../data/object-record.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checkSamePlacement, keysToReplace } from "./copy-messages.js";
import { requestedObject } from "./find-requested.js";
import type { Handler } from "./handler.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

export const beginCopyObject: Handler<BeginCopyObjectRequest, BeginCopyObjectResponse> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  checkBucketLength(request.newBucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  await caller.require(
    { op: Action.Read, bucket: request.bucket, path: request.encryptedObjectKey },
    { op: Action.Write, bucket: request.newBucket, path: request.newEncryptedObjectKey },
  );
  const projectId = caller.project.id;
  await checkSamePlacement(satellite, projectId, request.bucket, request.newBucket);
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const object = await copyableObject(satellite, location, request.objectVersion, caller.time);
  await satellite.usage.checkUpload(caller.project, { bytes: object.encryptedSize, segments: object.segmentCount });
  return {
    ...(await keysToReplace(satellite, projectId, request.bucket, object)),
    checksumAlgorithm: object.checksumAlgorithm,
  };
};

/** To this call a delete marker is no object. */
async function copyableObject(
  satellite: SatelliteParts,
  location: ObjectLocation,
  version: Uint8Array,
  nowMs: number,
): Promise<ObjectRecord> {
  try {
    return await requestedObject(satellite.db.read, location, version, nowMs);
  } catch (error) {
    throw isPosternError(error) && error.status === RpcStatus.MethodNotAllowed ? objectNotFound() : error;
  }
}
