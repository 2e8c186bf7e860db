import type { Queries } from "../db/queries.js";
import { objectNotFound } from "./errors.js";
import { atLocation, locationParams, type ObjectLocation, type ObjectRecord, objectColumns } from "./object-record.js";
import { isDeleteMarker, ObjectStatus } from "./object-status.js";
import type { Micros } from "./times.js";

const lastCommittedSql = `SELECT ${objectColumns} FROM objects
  WHERE ${atLocation} AND status <> ${ObjectStatus.Pending} AND (expires_at IS NULL OR expires_at > ?)
  ORDER BY version DESC LIMIT 1`;

/** The newest version of a key; "object not found" when there is none or it is a delete marker. */
export async function lastCommittedObject(db: Queries, location: ObjectLocation, now: Micros): Promise<ObjectRecord> {
  const row = await findLastCommitted(db, location, now);
  if (row === undefined) throw objectNotFound("metabase: sql: no rows in result set");
  return row;
}

/** The newest version of a key, unless it is a delete marker. */
export async function findLastCommitted(
  db: Queries,
  location: ObjectLocation,
  now: Micros,
): Promise<ObjectRecord | undefined> {
  const row = await db.first<ObjectRecord>(lastCommittedSql, [...locationParams(location), now]);
  return row === undefined || isDeleteMarker(row.status) ? undefined : row;
}

const exactVersionSql = `SELECT ${objectColumns} FROM objects
  WHERE ${atLocation} AND version = ? AND status <> ${ObjectStatus.Pending} AND (expires_at IS NULL OR expires_at > ?)`;

/** One committed version of a key, a delete marker included. */
export async function exactVersionObject(
  db: Queries,
  location: ObjectLocation,
  version: number,
  now: Micros,
): Promise<ObjectRecord> {
  const row = await db.first<ObjectRecord>(exactVersionSql, [...locationParams(location), version, now]);
  if (row === undefined) throw objectNotFound("metabase: sql: no rows in result set");
  return row;
}

const pendingSql = `SELECT ${objectColumns} FROM objects
  WHERE ${atLocation} AND version = ? AND stream_id = ? AND status = ${ObjectStatus.Pending}`;

/** The upload under way, if it still is. */
export async function pendingObject(
  db: Queries,
  location: ObjectLocation,
  version: number,
  streamId: Uint8Array,
): Promise<ObjectRecord | undefined> {
  return db.first<ObjectRecord>(pendingSql, [...locationParams(location), version, streamId]);
}
