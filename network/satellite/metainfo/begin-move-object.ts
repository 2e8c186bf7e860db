import type { BeginMoveObjectRequest, BeginMoveObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { checkSamePlacement, keysToReplace } from "./copy-messages.js";
import { requestedObject } from "./find-requested.js";
import type { Handler } from "./handler.js";
import { checkBucketLength } from "./validate.js";

export const beginMoveObject: Handler<BeginMoveObjectRequest, BeginMoveObjectResponse> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  checkBucketLength(request.newBucket);
  const caller = await satellite.access.caller(request.header);
  await caller.require(
    { op: Action.Read, bucket: request.bucket, path: request.encryptedObjectKey },
    { op: Action.Delete, bucket: request.bucket, path: request.encryptedObjectKey },
    { op: Action.Write, bucket: request.newBucket, path: request.newEncryptedObjectKey },
  );
  const projectId = caller.project.id;
  await checkSamePlacement(satellite, projectId, request.bucket, request.newBucket);
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const object = await requestedObject(satellite.db.read, location, new Uint8Array(0), caller.time);
  return keysToReplace(satellite, projectId, request.bucket, object);
};
