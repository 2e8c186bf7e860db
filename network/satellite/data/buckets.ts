import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

/** storj/storj satellite/buckets/db.go, Versioning. */
export const BucketVersioning = { Unsupported: 0, Unversioned: 1, Enabled: 2, Suspended: 3 } as const;

export interface BucketRecord {
  readonly id: Uint8Array;
  readonly name: Uint8Array;
  readonly createdAt: Micros;
  readonly userAgent: Uint8Array | null;
  readonly placement: number;
  readonly versioning: number;
  readonly objectLockEnabled: number;
  readonly defaultRetentionMode: number;
  readonly defaultRetentionDays: number | null;
  readonly defaultRetentionYears: number | null;
}

const columns = `id, name, created_at AS "createdAt", user_agent AS "userAgent", placement, versioning,
  object_lock_enabled AS "objectLockEnabled", default_retention_mode AS "defaultRetentionMode",
  default_retention_days AS "defaultRetentionDays", default_retention_years AS "defaultRetentionYears"`;

export async function insertBucket(tx: Queries, projectId: Uint8Array, bucket: BucketRecord): Promise<void> {
  await tx.run(
    `INSERT INTO bucket_metainfos (id, project_id, name, created_at, user_agent, placement, versioning,
      object_lock_enabled) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      bucket.id,
      projectId,
      bucket.name,
      bucket.createdAt,
      bucket.userAgent,
      bucket.placement,
      bucket.versioning,
      bucket.objectLockEnabled,
    ],
  );
}

/** Returns whether the bucket is there. */
export async function setVersioning(
  tx: Queries,
  projectId: Uint8Array,
  name: Uint8Array,
  versioning: number,
): Promise<boolean> {
  const sql = "UPDATE bucket_metainfos SET versioning = ? WHERE project_id = ? AND name = ?";
  return (await tx.run(sql, [versioning, projectId, name])) > 0;
}

export interface ObjectLockSettings {
  /** Of objects that come without a retention of their own; RetentionMode. */
  readonly mode: number;
  readonly days: number | null;
  readonly years: number | null;
}

/** Turns Object Lock on, for good, with this default retention. */
export async function setObjectLock(
  tx: Queries,
  projectId: Uint8Array,
  name: Uint8Array,
  { mode, days, years }: ObjectLockSettings,
): Promise<void> {
  await tx.run(
    `UPDATE bucket_metainfos SET object_lock_enabled = 1, default_retention_mode = ?, default_retention_days = ?,
      default_retention_years = ? WHERE project_id = ? AND name = ?`,
    [mode, days, years, projectId, name],
  );
}

export async function findBucket(
  db: Queries,
  projectId: Uint8Array,
  name: Uint8Array,
): Promise<BucketRecord | undefined> {
  return db.first<BucketRecord>(`SELECT ${columns} FROM bucket_metainfos WHERE project_id = ? AND name = ?`, [
    projectId,
    name,
  ]);
}

export async function countBuckets(db: Queries, projectId: Uint8Array): Promise<number> {
  const row = await db.first<{ count: number }>(
    `SELECT count(*) AS "count" FROM bucket_metainfos WHERE project_id = ?`,
    [projectId],
  );
  return row!.count;
}

/** In byte order of the names, after the cursor or from it on. */
export async function listBucketRows(
  db: Queries,
  projectId: Uint8Array,
  cursor: Uint8Array,
  inclusive: boolean,
  limit: number,
): Promise<BucketRecord[]> {
  return db.all<BucketRecord>(
    `SELECT ${columns} FROM bucket_metainfos WHERE project_id = ? AND name ${inclusive ? ">=" : ">"} ?
      ORDER BY name LIMIT ?`,
    [projectId, cursor, limit],
  );
}

/** True when there is nothing in the bucket, uploads under way included. */
export async function isBucketEmpty(db: Queries, projectId: Uint8Array, name: Uint8Array): Promise<boolean> {
  const row = await db.first("SELECT 1 AS found FROM objects WHERE project_id = ? AND bucket_name = ? LIMIT 1", [
    projectId,
    name,
  ]);
  return row === undefined;
}

/** The bucket must be empty. */
export async function deleteBucketRow(tx: Queries, projectId: Uint8Array, name: Uint8Array): Promise<boolean> {
  return (await tx.run("DELETE FROM bucket_metainfos WHERE project_id = ? AND name = ?", [projectId, name])) > 0;
}

/** Deletes up to `limit` objects and uploads of the bucket and returns how many there were. */
export async function deleteSomeObjects(
  tx: Queries,
  projectId: Uint8Array,
  name: Uint8Array,
  limit: number,
): Promise<number> {
  return tx.run(
    `DELETE FROM objects WHERE stream_id IN (
      SELECT stream_id FROM objects WHERE project_id = ? AND bucket_name = ? LIMIT ?)`,
    [projectId, name, limit],
  );
}
