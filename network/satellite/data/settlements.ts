import { PieceAction } from "../../../proto/gen/orders.js";
import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";
import { dayMicros } from "./usage.js";

/** Bytes of a bucket that nodes transferred, by orders of one action. */
export interface BucketBandwidth {
  readonly projectId: Uint8Array;
  readonly bucket: Uint8Array;
  readonly action: PieceAction;
  readonly settled: number;
}

export interface SettledWindow {
  readonly nodeId: Uint8Array;
  /** Begin of an hour. */
  readonly window: Micros;
  /** Bytes by action, as text; the same for the same orders. */
  readonly settled: string;
  readonly buckets: readonly BucketBandwidth[];
  readonly now: Micros;
}

const claimSql = `INSERT INTO settled_windows (node_id, window_start, settled, settled_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (node_id, window_start) DO NOTHING`;

const bucketSql = `INSERT INTO bucket_bandwidth_hourly (project_id, bucket_name, window_start, action, settled)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (project_id, bucket_name, window_start, action) DO UPDATE SET
    settled = bucket_bandwidth_hourly.settled + excluded.settled`;

const projectSql = `INSERT INTO project_bandwidth_daily (project_id, day, egress_settled) VALUES (?, ?, ?)
  ON CONFLICT (project_id, day) DO UPDATE SET
    egress_settled = project_bandwidth_daily.egress_settled + excluded.egress_settled`;

/** Notes what a node transferred in an hour, once. False when that hour was settled before with other amounts. */
export async function settleWindow(tx: Queries, settled: SettledWindow): Promise<boolean> {
  const { nodeId, window, buckets } = settled;
  if ((await tx.run(claimSql, [nodeId, window, settled.settled, settled.now])) === 0) {
    const sql = `SELECT settled FROM settled_windows WHERE node_id = ? AND window_start = ?`;
    const before = await tx.first<{ settled: string }>(sql, [nodeId, window]);
    return before?.settled === settled.settled;
  }
  for (const { projectId, bucket, action, settled: bytes } of buckets) {
    await tx.run(bucketSql, [projectId, bucket, window, action, bytes]);
    if (action === PieceAction.GET) await tx.run(projectSql, [projectId, window - (window % dayMicros), bytes]);
  }
  return true;
}

/** Forgets windows that no order can belong to any more; returns how many. */
export async function pruneWindows(tx: Queries, before: Micros): Promise<number> {
  return await tx.run("DELETE FROM settled_windows WHERE window_start < ?", [before]);
}

export interface BucketUsage {
  /** Bucket name. */
  readonly name: string;
  readonly objects: number;
  readonly segments: number;
  /** Encrypted bytes, without the redundancy. */
  readonly storedBytes: number;
  /** Bytes that nodes were paid for sending, since `from`. */
  readonly settledEgress: number;
}

const usageSql = `SELECT bucket_metainfos.name AS "name", count(objects.stream_id) AS "objects",
    CAST(coalesce(sum(objects.segment_count), 0) AS BIGINT) AS "segments",
    CAST(coalesce(sum(objects.total_encrypted_size), 0) AS BIGINT) AS "storedBytes"
  FROM bucket_metainfos LEFT JOIN objects ON objects.project_id = bucket_metainfos.project_id
    AND objects.bucket_name = bucket_metainfos.name
  WHERE bucket_metainfos.project_id = ? GROUP BY bucket_metainfos.name ORDER BY bucket_metainfos.name`;

const egressSql = `SELECT bucket_name AS "name", CAST(sum(settled) AS BIGINT) AS "settled"
  FROM bucket_bandwidth_hourly WHERE project_id = ? AND action = ? AND window_start >= ? GROUP BY bucket_name`;

export async function bucketUsage(db: Queries, projectId: Uint8Array, from: Micros): Promise<BucketUsage[]> {
  const egress = await db.all<{ name: Uint8Array; settled: number }>(egressSql, [projectId, PieceAction.GET, from]);
  const settled = new Map(egress.map((row) => [Buffer.from(row.name).toString(), Number(row.settled)]));
  type Row = { name: Uint8Array; objects: number; segments: number; storedBytes: number };
  return (await db.all<Row>(usageSql, [projectId])).map((row) => {
    const name = Buffer.from(row.name).toString();
    return {
      name,
      objects: Number(row.objects),
      segments: Number(row.segments),
      storedBytes: Number(row.storedBytes),
      settledEgress: settled.get(name) ?? 0,
    };
  });
}
