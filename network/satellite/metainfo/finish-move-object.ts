import type { FinishMoveObjectRequest, FinishMoveObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { BucketVersioning } from "../data/buckets.js";
import { invalidRequest } from "../data/errors.js";
import { moveObject } from "../data/move-object.js";
import { microsOfMillis } from "../data/times.js";
import { openStreamId } from "../ids/stream-id.js";
import { newSegmentKeys } from "./copy-messages.js";
import type { Handler } from "./handler.js";
import { checkBucketLock, newRetention, requireLockPermissions } from "./object-lock-checks.js";
import { bytesOrNull, nonceOrNull } from "./user-data-message.js";
import { checkBucketLength, checkRetention } from "./validate.js";

export const finishMoveObject: Handler<FinishMoveObjectRequest, FinishMoveObjectResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.newBucket);
  checkRetention(request.retention, satellite.now());
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.newBucket, path: request.newEncryptedObjectKey };
  await caller.require({ op: Action.Write, ...at });
  await requireLockPermissions(caller, request, at);
  const mayDelete = await caller.may({ op: Action.Delete, ...at });
  const projectId = caller.project.id;
  const bucket = await satellite.buckets.get(projectId, request.newBucket);
  checkBucketLock(bucket, request);
  const source = openStreamId(satellite.seal, projectId, request.streamId);
  if (request.newEncryptedObjectKey.length === 0) throw invalidRequest("NewEncryptedObjectKey is missing");
  await satellite.db.write((tx) =>
    moveObject(tx, {
      source: {
        projectId,
        bucket: source.bucket,
        key: source.encryptedObjectKey,
        version: source.version,
        streamId: source.streamId,
      },
      target: { projectId, bucket: request.newBucket, key: request.newEncryptedObjectKey },
      newKeys: newSegmentKeys(request.newSegmentKeys),
      metadataNonce: nonceOrNull(request.newEncryptedMetadataKeyNonce),
      metadataKey: bytesOrNull(request.newEncryptedMetadataKey),
      retention: newRetention(bucket, request, microsOfMillis(caller.time)),
      legalHold: request.legalHold,
      versioned: bucket.versioning === BucketVersioning.Enabled,
      disallowDelete: !mayDelete,
      ifNoneMatch: [],
      now: microsOfMillis(caller.time),
    }),
  );
  return {};
};
