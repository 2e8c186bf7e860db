import { equalBytes } from "../../../core/bytes/bytes.js";
import type { Queries } from "../db/queries.js";
import { methodNotAllowed, objectExpires, objectNotFound, objectProtected } from "./errors.js";
import { isProtected } from "./object-lock.js";
import {
  atLocation,
  locationParams,
  type ObjectLocation,
  type ObjectRecord,
  type ObjectStream,
  objectColumns,
  type Retention,
} from "./object-record.js";
import { isDeleteMarker, ObjectStatus } from "./object-status.js";
import { type CommitRules, committedStatus, precommit } from "./precommit.js";
import { checkKeyCount, replaceSegmentKeys, type SegmentKey } from "./segment-keys.js";
import { checkUserDataForBegin } from "./user-data.js";

export interface MoveObject extends CommitRules {
  readonly source: ObjectStream;
  readonly target: ObjectLocation;
  readonly newKeys: readonly SegmentKey[];
  readonly metadataNonce: Uint8Array | null;
  readonly metadataKey: Uint8Array | null;
  /** At the new place. */
  readonly retention: Retention;
  readonly legalHold: boolean;
}

const sourceSql = `SELECT ${objectColumns} FROM objects
  WHERE ${atLocation} AND version = ? AND status <> ${ObjectStatus.Pending} AND (expires_at IS NULL OR expires_at > ?)`;

const moveSql = `UPDATE objects SET bucket_name = ?, object_key = ?, version = ?, status = ?,
    encrypted_metadata_nonce = ?, encrypted_metadata_encrypted_key = ?,
    retention_mode = ?, retain_until = ?, legal_hold = ?
  WHERE ${atLocation} AND version = ?`;

/** The same object under another key, with its keys encrypted anew (storj/storj satellite/metabase/move_object.go). */
export async function moveObject(tx: Queries, move: MoveObject): Promise<void> {
  const { source, target } = move;
  const object = await tx.first<ObjectRecord>(sourceSql, [...locationParams(source), source.version, move.now]);
  if (object === undefined) throw objectNotFound("object not found");
  if (!equalBytes(object.streamId, source.streamId)) throw objectNotFound("object was changed during move");
  checkKeyCount(move.newKeys, object.segmentCount);
  if (isDeleteMarker(object.status)) throw methodNotAllowed();
  checkMetadataKey(move, object);
  if (isProtected(object, { bypassGovernance: false, now: move.now })) throw objectProtected();
  if (object.expiresAt !== null && (move.legalHold || move.retention.mode !== 0)) throw objectExpires();

  const sameKey = equalBytes(source.bucket, target.bucket) && equalBytes(source.key, target.key);
  // An object that moves onto itself must not make room for itself.
  const { highest } = await precommit(tx, target, sameKey ? { ...move, versioned: true } : move);
  await tx.run(moveSql, [
    target.bucket,
    target.key,
    highest + 1,
    committedStatus(move.versioned),
    move.metadataNonce,
    move.metadataKey,
    move.retention.mode,
    move.retention.retainUntil,
    move.legalHold ? 1 : 0,
    ...locationParams(source),
    source.version,
  ]);
  await replaceSegmentKeys(tx, source.streamId, move.newKeys);
}

/** The new key of the metadata must be given exactly when there is metadata. */
function checkMetadataKey(move: MoveObject, object: ObjectRecord): void {
  const { metadataNonce, metadataKey } = move;
  checkUserDataForBegin({ ...object, metadataNonce, metadataKey });
}
