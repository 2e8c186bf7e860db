import type { Queries } from "../db/queries.js";
import { invalidRequest, segmentNotFound } from "./errors.js";
import { listLimit } from "./list-limit.js";
import {
  type SegmentInfo,
  type SegmentPosition,
  type SegmentRecord,
  segmentColumns,
  segmentInfoColumns,
} from "./segment-record.js";

/** Plain bytes [start, limit) of an object. */
export interface PlainRange {
  readonly start: number;
  readonly limit: number;
}

export interface ListSegments {
  readonly streamId: Uint8Array;
  /** Segments after this position; {0, 0} means from the start, as on the real satellite. */
  readonly cursor?: SegmentPosition;
  readonly range?: PlainRange;
  /** 1 000 when zero. */
  readonly limit: number;
}

export interface SegmentPage<T> {
  readonly segments: readonly T[];
  readonly more: boolean;
}

const fromSql = "FROM segments WHERE stream_id = ?";
const cursorSql = "AND (part_number, segment_index) > (?, ?)";
const rangeSql = "AND plain_offset + plain_size > ? AND plain_offset < ?";
const orderSql = "ORDER BY part_number, segment_index LIMIT ?";

/** Segments in order, with what is needed to download them. */
export async function listSegments(db: Queries, list: ListSegments): Promise<SegmentPage<SegmentRecord>> {
  return page(db, segmentColumns, list);
}

/** Segments in order, without their data and pieces. */
export async function listSegmentInfos(db: Queries, list: ListSegments): Promise<SegmentPage<SegmentInfo>> {
  return page(db, segmentInfoColumns, list);
}

async function page<T>(db: Queries, columns: string, list: ListSegments): Promise<SegmentPage<T>> {
  const { range, cursor } = list;
  if (list.limit < 0) throw invalidRequest(`Invalid limit: ${list.limit}`);
  if (range !== undefined && range.start > range.limit) {
    throw invalidRequest(`invalid range: ${range.start}:${range.limit}`);
  }
  const limit = listLimit(list.limit);
  const after = cursor !== undefined && (cursor.part !== 0 || cursor.index !== 0) ? cursor : undefined;
  const sql = `SELECT ${columns} ${fromSql} ${after ? cursorSql : ""} ${range ? rangeSql : ""} ${orderSql}`;
  const rows = await db.all<T>(sql, [
    list.streamId,
    ...(after ? [after.part, after.index] : []),
    ...(range ? [range.start, range.limit] : []),
    limit + 1,
  ]);
  return { segments: rows.slice(0, limit), more: rows.length > limit };
}

const atPositionSql = `SELECT ${segmentColumns} ${fromSql} AND part_number = ? AND segment_index = ?`;
const lastSql = `SELECT ${segmentColumns} ${fromSql} ORDER BY part_number DESC, segment_index DESC LIMIT 1`;

export async function segmentAt(db: Queries, streamId: Uint8Array, position: SegmentPosition): Promise<SegmentRecord> {
  const row = await db.first<SegmentRecord>(atPositionSql, [streamId, position.part, position.index]);
  if (row === undefined) throw segmentNotFound();
  return row;
}

export async function lastSegment(db: Queries, streamId: Uint8Array): Promise<SegmentRecord> {
  const row = await db.first<SegmentRecord>(lastSql, [streamId]);
  if (row === undefined) throw segmentNotFound();
  return row;
}
