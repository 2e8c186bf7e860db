import { type BucketRecord, BucketVersioning } from "../data/buckets.js";
import { deleteExactVersion, deleteUnversioned } from "../data/delete-object.js";
import { invalidRequest, notImplemented } from "../data/errors.js";
import type { ObjectLocation, ObjectRecord } from "../data/object-record.js";
import type { Queries } from "../db/queries.js";
import { versionNumber } from "../ids/object-version.js";

/** Deletes the version asked for, or else what a delete means in this bucket. Returns what was removed. */
export async function deleteCommitted(
  tx: Queries,
  bucket: BucketRecord,
  location: ObjectLocation,
  version: Uint8Array,
): Promise<ObjectRecord | undefined> {
  if (location.key.length === 0) throw invalidRequest("ObjectKey missing");
  if (bucket.objectLockEnabled !== 0) throw notImplemented("deleting from a bucket with Object Lock");
  if (version.length > 0) {
    const number = versionNumber(version);
    if (number <= 0) throw invalidRequest(`Version invalid: ${number}`);
    return deleteExactVersion(tx, location, number);
  }
  if (bucket.versioning === BucketVersioning.Enabled || bucket.versioning === BucketVersioning.Suspended) {
    throw notImplemented("delete markers");
  }
  return deleteUnversioned(tx, location);
}
