import type { Queries } from "../db/queries.js";
import { failedPrecondition, notImplemented, objectProtected, permissionDenied } from "./errors.js";
import { isProtected } from "./object-lock.js";
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
  /** The caller may replace what governance mode protects; false when absent. */
  readonly bypassGovernance?: boolean;
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
 * Checks the rules, makes room at the location and tells which version numbers are or were taken there
 * (storj/storj satellite/metabase/precommit.go, commit_object.go).
 */
export async function precommit(tx: Queries, location: ObjectLocation, rules: CommitRules): Promise<TakenVersions> {
  const params = locationParams(location);
  if (wantsFreeKey(rules.ifNoneMatch)) {
    const visible = await tx.first<{ status: number }>(visibleSql, [...params, rules.now]);
    if (visible !== undefined && !isDeleteMarker(visible.status)) throw failedPrecondition("object already exists");
  }
  const highest = (await tx.first<{ version: number | null }>(highestSql, params))?.version ?? 0;
  return { highest, replaced: rules.versioned ? undefined : await replaceUnversioned(tx, location, rules) };
}

export interface TakenVersions {
  /** 0 when the key was never used. Uploads under way count. */
  readonly highest: number;
  /** Of the object that had to go. */
  readonly replaced: number | undefined;
}

/** The version that an upload gets by its commit: its own, unless another one began later. */
export function committedVersion(pending: number, { highest }: TakenVersions): number {
  return pending === highest ? pending : highest + 1;
}

/** The version of an object that was never an upload: that of the one it replaces, if it was the newest. */
export function newVersion({ highest, replaced }: TakenVersions): number {
  return replaced === highest ? replaced : highest + 1;
}

async function replaceUnversioned(
  tx: Queries,
  location: ObjectLocation,
  rules: CommitRules,
): Promise<number | undefined> {
  const params = locationParams(location);
  let replaced: number | undefined;
  for (const row of await tx.all<UnversionedRow>(unversionedSql, params)) {
    if (rules.disallowDelete) throw permissionDenied("no permissions to delete existing object");
    if (isProtected(row, { bypassGovernance: rules.bypassGovernance ?? false, now: rules.now }))
      throw objectProtected();
    await tx.run(deleteSql, [...params, row.version]);
    replaced = row.version;
  }
  return replaced;
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
