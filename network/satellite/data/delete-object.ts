import type { Queries } from "../db/queries.js";
import { insertDeleteMarker, newestVersion } from "./delete-marker.js";
import { objectNotFound, objectProtected } from "./errors.js";
import { isProtected, type LockRules } from "./object-lock.js";
import {
  atLocation,
  locationParams,
  type ObjectLocation,
  type ObjectRecord,
  type ObjectStream,
  objectColumns,
} from "./object-record.js";
import { ObjectStatus, unversionedStatuses } from "./object-status.js";
import type { Micros } from "./times.js";

/** What a delete did: it may do nothing, remove an object or a marker, add a marker, or both. */
export interface Deletion {
  readonly removed: ObjectRecord | undefined;
  readonly marker: ObjectRecord | undefined;
}

/** Locks count where there may be any: in a bucket with Object Lock. */
export interface DeleteRules extends LockRules {
  readonly lockEnabled: boolean;
}

const findUnversionedSql = `SELECT ${objectColumns} FROM objects WHERE ${atLocation} AND ${unversionedStatuses}`;
const deleteUnversionedSql = `DELETE FROM objects WHERE ${atLocation} AND ${unversionedStatuses}
  RETURNING ${objectColumns}`;

/** Deletes the object of a key in a bucket that keeps no versions, if there is one. */
export async function deleteUnversioned(tx: Queries, location: ObjectLocation, rules: DeleteRules): Promise<Deletion> {
  const params = locationParams(location);
  if (rules.lockEnabled) refuseProtected(await tx.first(findUnversionedSql, params), rules);
  return { removed: await tx.first<ObjectRecord>(deleteUnversionedSql, params), marker: undefined };
}

/** In a bucket that keeps versions a delete is a new version that says so. */
export async function deleteVersioned(tx: Queries, location: ObjectLocation, now: Micros): Promise<Deletion> {
  const newest = await newestVersion(tx, location);
  const marker = await insertDeleteMarker(tx, location, newest, ObjectStatus.DeleteMarkerVersioned, now);
  return { removed: undefined, marker };
}

const anyVersionSql = `SELECT 1 AS found FROM objects
  WHERE ${atLocation} AND status <> ${ObjectStatus.Pending} LIMIT 1`;

/**
 * Where versions are suspended, the one without a version goes, and a marker without a version takes its place;
 * "object not found" for a key without any version.
 */
export async function deleteSuspended(tx: Queries, location: ObjectLocation, rules: DeleteRules): Promise<Deletion> {
  const params = locationParams(location);
  if ((await tx.first(anyVersionSql, params)) === undefined) throw objectNotFound("unable to delete object");
  // Looked up before the removal: the marker is newer than what it replaces.
  const newest = await newestVersion(tx, location);
  const { removed } = await deleteUnversioned(tx, location, { ...rules, lockEnabled: true });
  const marker = await insertDeleteMarker(tx, location, newest, ObjectStatus.DeleteMarkerUnversioned, rules.now);
  return { removed, marker };
}

const findVersionSql = `SELECT ${objectColumns} FROM objects WHERE ${atLocation} AND version = ?`;
const deleteVersionSql = `DELETE FROM objects WHERE ${atLocation} AND version = ? RETURNING ${objectColumns}`;

/** Deletes one version if there is such: an object, a delete marker or an upload under way. */
export async function deleteExactVersion(
  tx: Queries,
  location: ObjectLocation,
  version: number,
  rules: DeleteRules,
): Promise<Deletion> {
  const params = [...locationParams(location), version];
  if (rules.lockEnabled) refuseProtected(await tx.first(findVersionSql, params), rules);
  return { removed: await tx.first<ObjectRecord>(deleteVersionSql, params), marker: undefined };
}

function refuseProtected(object: ObjectRecord | undefined, rules: LockRules): void {
  if (object === undefined || object.status === ObjectStatus.Pending) return;
  if (isProtected(object, rules)) throw objectProtected();
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
