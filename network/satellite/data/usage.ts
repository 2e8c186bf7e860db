import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

export const dayMicros: Micros = 86_400_000_000;

const storedSql = `SELECT CAST(coalesce(sum(segments.encrypted_size), 0) AS BIGINT) AS "bytes", count(*) AS "segments"
  FROM segments JOIN objects ON objects.stream_id = segments.stream_id WHERE objects.project_id = ?`;

export interface StoredUsage {
  /** Encrypted, without the redundancy. */
  readonly bytes: number;
  readonly segments: number;
}

/** All that a project stores, uploads under way included. */
export async function storedUsage(db: Queries, projectId: Uint8Array): Promise<StoredUsage> {
  const row = await db.first<StoredUsage>(storedSql, [projectId]);
  return { bytes: Number(row?.bytes ?? 0), segments: Number(row?.segments ?? 0) };
}

const streamSql = `SELECT total_encrypted_size AS "bytes", segment_count AS "segments" FROM objects
  WHERE stream_id = ?`;

/** What an object stores; nothing when it is gone. */
export async function streamSize(db: Queries, streamId: Uint8Array): Promise<StoredUsage> {
  return (await db.first<StoredUsage>(streamSql, [streamId])) ?? { bytes: 0, segments: 0 };
}

// Orders settle within two days; until then what was allocated counts (storj/storj satellite/accounting).
const egressSql = `SELECT CAST(coalesce(sum(
    CASE WHEN day < ? AND egress_settled > 0 THEN egress_settled ELSE egress_allocated END), 0) AS BIGINT) AS "bytes"
  FROM project_bandwidth_daily WHERE project_id = ? AND day >= ?`;

/** Bytes that a project has downloaded since `from`, the begin of a day. */
export async function egressSince(db: Queries, projectId: Uint8Array, from: Micros, now: Micros): Promise<number> {
  const row = await db.first<{ bytes: number }>(egressSql, [now - 2 * dayMicros, projectId, from]);
  return Number(row?.bytes ?? 0);
}

const addSql = `INSERT INTO project_bandwidth_daily (project_id, day, egress_allocated) VALUES (?, ?, ?)
  ON CONFLICT (project_id, day) DO UPDATE SET
    egress_allocated = project_bandwidth_daily.egress_allocated + excluded.egress_allocated`;

export async function addEgress(tx: Queries, projectId: Uint8Array, day: Micros, bytes: number): Promise<void> {
  await tx.run(addSql, [projectId, day, bytes]);
}
