import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { Queries } from "../db/queries.js";
import { objectExpires, objectNotFound, objectProtected } from "./errors.js";
import { isProtected, type LockRules } from "./object-lock.js";
import {
  atLocation,
  locationParams,
  type ObjectLocation,
  type ObjectRecord,
  objectColumns,
  type Retention,
} from "./object-record.js";
import { isDeleteMarker, ObjectStatus } from "./object-status.js";
import { RetentionMode } from "./retention-mode.js";

const newestSql = `SELECT ${objectColumns} FROM objects
  WHERE ${atLocation} AND status <> ${ObjectStatus.Pending} ORDER BY version DESC LIMIT 1`;
const exactSql = `SELECT ${objectColumns} FROM objects WHERE ${atLocation} AND version = ?`;

/** The version asked for, or the newest; only objects have locks, no delete markers and no uploads under way. */
export async function lockableObject(
  db: Queries,
  location: ObjectLocation,
  version: number | undefined,
  missing = "metabase: sql: no rows in result set",
): Promise<ObjectRecord> {
  const params = locationParams(location);
  const object = await (version === undefined
    ? db.first<ObjectRecord>(newestSql, params)
    : db.first<ObjectRecord>(exactSql, [...params, version]));
  if (object === undefined) throw objectNotFound(missing);
  if (isDeleteMarker(object.status) || object.status === ObjectStatus.Pending) throw invalidObjectState();
  return object;
}

export function invalidObjectState(): Error {
  return rpcError(RpcStatus.ObjectLockInvalidObjectState, "The operation is not permitted for this object");
}

const setRetentionSql = `UPDATE objects SET retention_mode = ?, retain_until = ? WHERE ${atLocation} AND version = ?`;

/**
 * Sets or removes (mode None) the retention of an object. What is active may only grow, unless it is of governance
 * mode and the caller passes over that (storj/storj satellite/metabase/update.go).
 */
export async function setRetention(
  tx: Queries,
  location: ObjectLocation,
  version: number | undefined,
  retention: Retention,
  rules: LockRules,
): Promise<void> {
  const object = await lockableObject(tx, location, version, "");
  if (object.expiresAt !== null) throw invalidObjectState();
  // A legal hold does not stand in the way of a change of the retention.
  if (isProtected({ ...object, legalHold: 0 }, rules)) {
    const grows = retention.mode === object.retentionMode && (retention.retainUntil ?? 0) >= (object.retainUntil ?? 0);
    if (retention.mode === RetentionMode.None || !grows) throw objectProtected();
  }
  const params = [retention.mode, retention.retainUntil, ...locationParams(location), object.version];
  await tx.run(setRetentionSql, params);
}

const setLegalHoldSql = `UPDATE objects SET legal_hold = ? WHERE ${atLocation} AND version = ?`;

export async function setLegalHold(
  tx: Queries,
  location: ObjectLocation,
  version: number | undefined,
  enabled: boolean,
): Promise<void> {
  const object = await lockableObject(tx, location, version, "");
  if (object.expiresAt !== null) throw objectExpires();
  await tx.run(setLegalHoldSql, [enabled ? 1 : 0, ...locationParams(location), object.version]);
}
