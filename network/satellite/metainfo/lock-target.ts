import type { Caller } from "../access/caller.js";
import { invalidRequest } from "../data/errors.js";
import type { ObjectLocation } from "../data/object-record.js";
import { versionNumber } from "../ids/object-version.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { bucketHasNoLock } from "./bucket-object-lock.js";

/** The object that a call about locks is about; status 10003 when its bucket has no Object Lock. */
export async function lockTarget(
  satellite: SatelliteParts,
  caller: Caller,
  request: { bucket: Uint8Array; encryptedObjectKey: Uint8Array; objectVersion: Uint8Array },
): Promise<{ location: ObjectLocation; version: number | undefined }> {
  const projectId = caller.project.id;
  const bucket = await satellite.buckets.get(projectId, request.bucket);
  if (bucket.objectLockEnabled === 0) throw bucketHasNoLock();
  if (request.encryptedObjectKey.length === 0) throw invalidRequest("ObjectKey missing");
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  return { location, version: request.objectVersion.length === 0 ? undefined : versionNumber(request.objectVersion) };
}
