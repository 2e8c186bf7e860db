import { invalidRequest, methodNotAllowed } from "../data/errors.js";
import { exactVersionObject, lastCommittedObject } from "../data/find-object.js";
import type { ObjectLocation, ObjectRecord } from "../data/object-record.js";
import { isDeleteMarker } from "../data/object-status.js";
import { microsOfMillis } from "../data/times.js";
import type { Queries } from "../db/queries.js";
import { versionNumber } from "../ids/object-version.js";

/** The version asked for, or the newest one. A delete marker asked for by its version answers status 17. */
export async function requestedObject(
  db: Queries,
  location: ObjectLocation,
  version: Uint8Array,
  nowMs: number,
): Promise<ObjectRecord> {
  const now = microsOfMillis(nowMs);
  if (location.key.length === 0) throw invalidRequest("ObjectKey missing");
  if (version.length === 0) return lastCommittedObject(db, location, now);
  const number = versionNumber(version);
  if (number === 0) throw invalidRequest(`Version invalid: ${number}`);
  const object = await exactVersionObject(db, location, number, now);
  if (isDeleteMarker(object.status)) throw methodNotAllowed();
  return object;
}
