import { type BucketRecord, BucketVersioning } from "../data/buckets.js";
import {
  type Deletion,
  deleteExactVersion,
  deleteSuspended,
  deleteUnversioned,
  deleteVersioned,
} from "../data/delete-object.js";
import { invalidRequest } from "../data/errors.js";
import type { LockRules } from "../data/object-lock.js";
import type { ObjectLocation } from "../data/object-record.js";
import type { Queries } from "../db/queries.js";
import { versionNumber } from "../ids/object-version.js";

/** Deletes the version asked for, or else does what a delete means in this bucket. */
export async function deleteCommitted(
  tx: Queries,
  bucket: BucketRecord,
  location: ObjectLocation,
  version: Uint8Array,
  lock: LockRules,
): Promise<Deletion> {
  if (location.key.length === 0) throw invalidRequest("ObjectKey missing");
  const rules = { ...lock, lockEnabled: bucket.objectLockEnabled !== 0 };
  if (version.length > 0) {
    const number = versionNumber(version);
    if (number === 0) throw invalidRequest(`Version invalid: ${number}`);
    return deleteExactVersion(tx, location, number, rules);
  }
  switch (bucket.versioning) {
    case BucketVersioning.Enabled:
      return deleteVersioned(tx, location, rules.now);
    case BucketVersioning.Suspended:
      return deleteSuspended(tx, location, rules);
    default:
      return deleteUnversioned(tx, location, rules);
  }
}
