import type { BeginCopyObjectRequest, BeginCopyObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
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
  const object = await requestedObject(satellite.db.read, location, request.objectVersion, caller.time);
  await satellite.usage.checkUpload(caller.project, { bytes: object.encryptedSize, segments: object.segmentCount });
  return {
    ...(await keysToReplace(satellite, projectId, request.bucket, object)),
    checksumAlgorithm: object.checksumAlgorithm,
  };
};
