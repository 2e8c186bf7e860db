import type { Queries } from "../db/queries.js";
import { atLocation, locationParams, type ObjectLocation, type ObjectRecord, objectColumns } from "./object-record.js";
import { ObjectStatus } from "./object-status.js";

/** Uploads under way of one key, in order of their stream ids, after the given one. */
export async function listPendingStreams(
  db: Queries,
  location: ObjectLocation,
  after: Uint8Array | undefined,
  limit: number,
): Promise<{ objects: readonly ObjectRecord[]; more: boolean }> {
  const rows = await db.all<ObjectRecord>(
    `SELECT ${objectColumns} FROM objects
      WHERE ${atLocation} AND status = ${ObjectStatus.Pending} ${after === undefined ? "" : "AND stream_id > ?"}
      ORDER BY stream_id LIMIT ?`,
    [...locationParams(location), ...(after === undefined ? [] : [after]), limit + 1],
  );
  return { objects: rows.slice(0, limit), more: rows.length > limit };
}
