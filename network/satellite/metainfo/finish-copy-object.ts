import type { FinishCopyObjectRequest, FinishCopyObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { BucketVersioning } from "../data/buckets.js";
import { copyObject } from "../data/copy-object.js";
import { invalidRequest } from "../data/errors.js";
import { microsOfMillis } from "../data/times.js";
import { streamSize } from "../data/usage.js";
import { newUuid } from "../data/uuid.js";
import { openStreamId } from "../ids/stream-id.js";
import { checkChecksum } from "./checksums.js";
import { newSegmentKeys } from "./copy-messages.js";
import type { Handler } from "./handler.js";
import { checkBucketLock, newRetention, requireLockPermissions } from "./object-lock-checks.js";
import { objectMessage } from "./object-message.js";
import { checkUserDataSize, userDataOf } from "./user-data-message.js";
import { checkBucketLength, checkRetention } from "./validate.js";

export const finishCopyObject: Handler<FinishCopyObjectRequest, FinishCopyObjectResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.newBucket);
  checkRetention(request.retention, satellite.now());
  const caller = await satellite.access.caller(request.header);
  const { newBucket, newEncryptedObjectKey } = request;
  await caller.require({ op: Action.Write, bucket: newBucket, path: newEncryptedObjectKey });
  await requireLockPermissions(caller, request, { bucket: newBucket, path: newEncryptedObjectKey });
  const checksum = {
    checksumAlgorithm: request.newChecksumAlgorithm,
    isChecksumComposite: request.newIsChecksumComposite,
    encryptedChecksum: request.newEncryptedChecksum,
  };
  checkChecksum(satellite.config, checksum);
  const userData = userDataOf({
    ...checksum,
    encryptedMetadata: request.newEncryptedMetadata,
    encryptedMetadataNonce: request.newEncryptedMetadataKeyNonce,
    encryptedMetadataEncryptedKey: request.newEncryptedMetadataKey,
    encryptedEtag: request.newEncryptedEtag,
  });
  checkUserDataSize(userData, satellite.config.limits);

  const projectId = caller.project.id;
  const bucket = await satellite.buckets.get(projectId, newBucket);
  checkBucketLock(bucket, request);
  const source = openStreamId(satellite.seal, projectId, request.streamId);
  if (newEncryptedObjectKey.length === 0) throw invalidRequest("NewEncryptedObjectKey is missing");
  await satellite.usage.checkCopy(caller.project, await streamSize(satellite.db.read, source.streamId));
  const object = await satellite.db.write((tx) =>
    copyObject(tx, {
      source: {
        projectId,
        bucket: source.bucket,
        key: source.encryptedObjectKey,
        version: source.version,
        streamId: source.streamId,
      },
      target: { projectId, bucket: newBucket, key: newEncryptedObjectKey },
      newStreamId: newUuid(),
      newKeys: newSegmentKeys(request.newSegmentKeys),
      overrideMetadata: request.overrideMetadata,
      userData,
      retention: newRetention(bucket, request, microsOfMillis(caller.time)),
      legalHold: request.legalHold,
      versioned: bucket.versioning === BucketVersioning.Enabled,
      // A copy may replace its target without the permission to delete, as on the real satellite.
      disallowDelete: false,
      ifNoneMatch: request.ifNoneMatch,
      now: microsOfMillis(caller.time),
    }),
  );
  satellite.usage.stored(projectId, { bytes: object.encryptedSize, segments: object.segmentCount });
  return { object: objectMessage(satellite, projectId, newBucket, object) };
};
