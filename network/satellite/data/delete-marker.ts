import type { Queries } from "../db/queries.js";
import { atLocation, locationParams, type ObjectLocation, type ObjectRecord, objectColumns } from "./object-record.js";
import type { Micros } from "./times.js";
import { newUuid } from "./uuid.js";

const insertSql = `INSERT INTO objects (
    project_id, bucket_name, object_key, version, stream_id, created_at, status, encryption_cipher,
    encryption_block_size
  ) VALUES (?, ?, ?, coalesce((SELECT max(version) FROM objects WHERE ${atLocation}), 0) + 1, ?, ?, ?, 0, 0)
  RETURNING ${objectColumns}`;

/** Makes a delete marker the newest version of a key, whether the key has others or not. */
export async function insertDeleteMarker(
  tx: Queries,
  location: ObjectLocation,
  status: number,
  now: Micros,
): Promise<ObjectRecord> {
  const params = locationParams(location);
  return (await tx.first<ObjectRecord>(insertSql, [...params, ...params, markerStreamId(), now, status]))!;
}

/** Delete markers have no stream; the real satellite makes their ids recognizable (satellite/metabase/delete.go). */
function markerStreamId(): Uint8Array {
  return newUuid().fill(0xff, 0, 6);
}
