import type { Queries } from "../db/queries.js";
import { atLocation, locationParams, type ObjectLocation, type ObjectRecord, objectColumns } from "./object-record.js";
import type { Micros } from "./times.js";
import { newUuid } from "./uuid.js";

const insertSql = `INSERT INTO objects (
    project_id, bucket_name, object_key, version, stream_id, created_at, status, encryption_cipher,
    encryption_block_size
  ) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)
  RETURNING ${objectColumns}`;

/** Makes a delete marker the version of a key after `newest`. */
export async function insertDeleteMarker(
  tx: Queries,
  location: ObjectLocation,
  newest: number,
  status: number,
  now: Micros,
): Promise<ObjectRecord> {
  const params = [...locationParams(location), newest + 1, markerStreamId(), now, status];
  return (await tx.first<ObjectRecord>(insertSql, params))!;
}

const newestSql = `SELECT max(version) AS "version" FROM objects WHERE ${atLocation}`;

/** The highest version number of a key, uploads under way included; 0 when there is none. */
export async function newestVersion(db: Queries, location: ObjectLocation): Promise<number> {
  return (await db.first<{ version: number | null }>(newestSql, locationParams(location)))?.version ?? 0;
}

/** Delete markers have no stream; the real satellite makes their ids recognizable (satellite/metabase/delete.go). */
function markerStreamId(): Uint8Array {
  return newUuid().fill(0xff, 0, 6);
}
