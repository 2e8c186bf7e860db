import type { Queries } from "../db/queries.js";
import {
  atLocation,
  locationParams,
  type ObjectLocation,
  type ObjectRecord,
  type ObjectStream,
  objectColumns,
} from "./object-record.js";
import { ObjectStatus, unversionedStatuses } from "./object-status.js";

const deletePlainSql = `DELETE FROM objects WHERE ${atLocation} AND ${unversionedStatuses} RETURNING ${objectColumns}`;

/** Deletes the object of a key in a bucket that keeps no versions, and returns it if there was one. */
export async function deleteUnversioned(tx: Queries, location: ObjectLocation): Promise<ObjectRecord | undefined> {
  return tx.first<ObjectRecord>(deletePlainSql, locationParams(location));
}

const deleteVersionSql = `DELETE FROM objects WHERE ${atLocation} AND version = ? AND status <> ${ObjectStatus.Pending}
  RETURNING ${objectColumns}`;

/** Deletes one version, a delete marker included, and returns it if there was one. */
export async function deleteExactVersion(
  tx: Queries,
  location: ObjectLocation,
  version: number,
): Promise<ObjectRecord | undefined> {
  return tx.first<ObjectRecord>(deleteVersionSql, [...locationParams(location), version]);
}

const streamOfVersionSql = `SELECT stream_id AS "streamId" FROM objects WHERE ${atLocation} AND version = ?`;

/** Stream id of a version, to compare it with what a client takes the version for. */
export async function streamOfVersion(
  db: Queries,
  location: ObjectLocation,
  version: number,
): Promise<Uint8Array | undefined> {
  const row = await db.first<{ streamId: Uint8Array }>(streamOfVersionSql, [...locationParams(location), version]);
  return row?.streamId;
}

const deletePendingSql = `DELETE FROM objects
  WHERE ${atLocation} AND version = ? AND stream_id = ? AND status = ${ObjectStatus.Pending}
  RETURNING ${objectColumns}`;

/** Gives up an upload under way; returns it if there still was one. */
export async function deletePendingObject(tx: Queries, stream: ObjectStream): Promise<ObjectRecord | undefined> {
  return tx.first<ObjectRecord>(deletePendingSql, [...locationParams(stream), stream.version, stream.streamId]);
}
