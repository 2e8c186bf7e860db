import type { Queries } from "../db/queries.js";
import { failedPrecondition, notImplemented, objectProtected, permissionDenied } from "./errors.js";
import { atLocation, locationParams, type ObjectLocation } from "./object-record.js";
import { isDeleteMarker, ObjectStatus, unversionedStatuses } from "./object-status.js";
import type { Micros } from "./times.js";

/** What committing a new object does to those that are there already. */
export interface CommitRules {
  /** The bucket keeps versions: nothing is replaced. */
  readonly versioned: boolean;
  /** The caller may not delete, and so not replace either. */
  readonly disallowDelete: boolean;
  /** If-None-Match: commit only when the key is free. */
  readonly ifNoneMatch: readonly string[];
  readonly now: Micros;
}

interface UnversionedRow {
  version: number;
  streamId: Uint8Array;
  status: number;
  retentionMode: number;
  retainUntil: Micros | null;
  legalHold: number;
}

const highestSql = `SELECT max(version) AS version FROM objects WHERE ${atLocation}`;
const visibleSql = `SELECT status FROM objects
  WHERE ${atLocation} AND status <> ${ObjectStatus.Pending} AND (expires_at IS NULL OR expires_at > ?)
  ORDER BY version DESC LIMIT 1`;
const unversionedSql = `SELECT version, stream_id AS "streamId", status, retention_mode AS "retentionMode",
    retain_until AS "retainUntil", legal_hold AS "legalHold"
  FROM objects WHERE ${atLocation} AND ${unversionedStatuses}`;
const deleteSql = `DELETE FROM objects WHERE ${atLocation} AND version = ?`;

/**
 * Checks the rules, makes room at the location and returns the highest version number that is or was taken there
 * (storj/storj satellite/metabase/precommit.go, commit_object.go).
 */
export async function precommit(tx: Queries, location: ObjectLocation, rules: CommitRules): Promise<number> {
  const params = locationParams(location);
  if (wantsFreeKey(rules.ifNoneMatch)) {
    const visible = await tx.first<{ status: number }>(visibleSql, [...params, rules.now]);
    if (visible !== undefined && !isDeleteMarker(visible.status)) throw failedPrecondition("object already exists");
  }
  const highest = await tx.first<{ version: number | null }>(highestSql, params);
  if (!rules.versioned) await replaceUnversioned(tx, location, rules);
  return highest?.version ?? 0;
}

async function replaceUnversioned(tx: Queries, location: ObjectLocation, rules: CommitRules): Promise<void> {
  const params = locationParams(location);
  for (const row of await tx.all<UnversionedRow>(unversionedSql, params)) {
    if (rules.disallowDelete) throw permissionDenied("no permissions to delete existing object");
    const retained = row.retentionMode !== 0 && row.retainUntil !== null && row.retainUntil > rules.now;
    if (row.legalHold !== 0 || retained) throw objectProtected();
    await tx.run(deleteSql, [...params, row.version]);
  }
}

/** Only "no condition" and a single "*" are known, as on the real satellite. */
function wantsFreeKey(ifNoneMatch: readonly string[]): boolean {
  if (ifNoneMatch.length === 0) return false;
  if (ifNoneMatch.length > 1 || ifNoneMatch[0] !== "*") {
    throw notImplemented("IfNoneMatch only supports a single value of '*'");
  }
  return true;
}

export function committedStatus(versioned: boolean): number {
  return versioned ? ObjectStatus.CommittedVersioned : ObjectStatus.CommittedUnversioned;
}
