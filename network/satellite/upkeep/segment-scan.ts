import { type SegmentRecord, segmentColumns } from "../data/segment-record.js";
import type { Micros } from "../data/times.js";
import type { Queries } from "../db/queries.js";

/** A segment on nodes, with its object. */
export interface ScannedSegment extends SegmentRecord {
  readonly streamId: Uint8Array;
  readonly expiresAt: Micros | null;
  readonly rootPieceId: Uint8Array;
  readonly pieces: Uint8Array;
}

const columns = `stream_id AS "streamId", expires_at AS "expiresAt", ${segmentColumns}`;
const order = "ORDER BY stream_id, part_number, segment_index LIMIT ?";

const firstSql = `SELECT ${columns} FROM segments WHERE pieces IS NOT NULL AND created_at >= ? ${order}`;
// A row value comparison would be shorter, and not use the primary key everywhere.
const nextSql = `SELECT ${columns} FROM segments WHERE pieces IS NOT NULL AND created_at >= ? AND (
    stream_id > ? OR (stream_id = ? AND (part_number > ? OR (part_number = ? AND segment_index > ?)))) ${order}`;

const pageSize = 500;

/**
 * All segments on nodes, those of uploads under way too, in pages: segments that come and go meanwhile may be among
 * them or not. `since` leaves out older ones.
 */
export async function* remoteSegments(db: Queries, since: Micros = 0): AsyncGenerator<ScannedSegment, void, undefined> {
  let page = await db.all<ScannedSegment>(firstSql, [since, pageSize]);
  for (;;) {
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    const { streamId, part, index } = last;
    page = await db.all<ScannedSegment>(nextSql, [since, streamId, streamId, part, part, index, pageSize]);
  }
}

/** The first segment on nodes at or after a stream id; the ids are random, and so is it. */
export async function segmentFrom(db: Queries, streamId: Uint8Array): Promise<ScannedSegment | undefined> {
  const sql = `SELECT ${columns} FROM segments WHERE pieces IS NOT NULL AND stream_id >= ? ${order}`;
  return await db.first<ScannedSegment>(sql, [streamId, 1]);
}

/** The segment as it is now; undefined when it is gone, or its pieces are others. */
export async function unchangedSegment(db: Queries, segment: ScannedSegment): Promise<ScannedSegment | undefined> {
  const sql = `SELECT ${columns} FROM segments
    WHERE stream_id = ? AND part_number = ? AND segment_index = ? AND root_piece_id = ? AND pieces = ?`;
  const { streamId, part, index, rootPieceId, pieces } = segment;
  return await db.first<ScannedSegment>(sql, [streamId, part, index, rootPieceId, pieces]);
}
