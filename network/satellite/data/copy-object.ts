import { equalBytes } from "../../../core/bytes/bytes.js";
import type { Queries } from "../db/queries.js";
import { beginObject } from "./begin-object.js";
import { invalidRequest, methodNotAllowed, objectExpires, objectNotFound } from "./errors.js";
import {
  atLocation,
  locationParams,
  type ObjectLocation,
  type ObjectRecord,
  type ObjectStream,
  objectColumns,
  type Retention,
  type UserData,
} from "./object-record.js";
import { isDeleteMarker, ObjectStatus } from "./object-status.js";
import { type CommitRules, committedStatus, precommit } from "./precommit.js";
import { checkKeyCount, replaceSegmentKeys, type SegmentKey } from "./segment-keys.js";
import { checkUserData } from "./user-data.js";

export interface CopyObject extends CommitRules {
  readonly source: ObjectStream;
  readonly target: ObjectLocation;
  readonly newStreamId: Uint8Array;
  readonly newKeys: readonly SegmentKey[];
  /** True takes all of `userData`; false takes its key and nonce, and the data of the source. */
  readonly overrideMetadata: boolean;
  readonly userData: UserData;
  /** Of the copy; that of the source stays behind. */
  readonly retention: Retention;
  readonly legalHold: boolean;
}

const sourceSql = `SELECT ${objectColumns} FROM objects
  WHERE ${atLocation} AND version = ? AND status <> ${ObjectStatus.Pending} AND (expires_at IS NULL OR expires_at > ?)`;

const copySegmentsSql = `INSERT INTO segments (stream_id, part_number, segment_index, created_at, repaired_at,
    expires_at, root_piece_id, encrypted_key_nonce, encrypted_key, encrypted_size, plain_offset, plain_size,
    encrypted_etag, encrypted_checksum, required_shares, repair_shares, optimal_shares, total_shares, share_size, placement, inline_data,
    pieces)
  SELECT ?, part_number, segment_index, ?, repaired_at,
    expires_at, root_piece_id, encrypted_key_nonce, encrypted_key, encrypted_size, plain_offset, plain_size,
    encrypted_etag, encrypted_checksum, required_shares, repair_shares, optimal_shares, total_shares, share_size, placement, inline_data,
    pieces
  FROM segments WHERE stream_id = ?`;

const commitSql = `UPDATE objects SET status = ?, segment_count = ?, total_plain_size = ?, total_encrypted_size = ?,
    fixed_segment_size = ?, zombie_deletion_deadline = NULL
  WHERE ${atLocation} AND version = ?`;

/**
 * A second object with the same pieces and its own keys. It stays an upload under way until the object that it
 * replaces is gone, for that may be its source (storj/storj satellite/metabase/copy_object.go).
 */
export async function copyObject(tx: Queries, copy: CopyObject): Promise<ObjectRecord> {
  const { source, target, now } = copy;
  const original = await sourceOf(tx, copy);
  checkKeyCount(copy.newKeys, original.segmentCount);
  if (original.expiresAt !== null && (copy.legalHold || copy.retention.mode !== 0)) {
    // Segments expire with their object, and are looked at first.
    const hasSegments = original.segmentCount > 0;
    throw objectExpires(hasSegments ? "an object with segments having an expiration date" : undefined);
  }
  const userData = userDataOf(copy, original);
  const version = await beginObject(tx, {
    ...target,
    streamId: copy.newStreamId,
    now,
    expiresAt: original.expiresAt,
    encryption: original,
    userData,
    retention: copy.retention,
    legalHold: copy.legalHold,
    zombieDeadline: now,
  });
  await tx.run(copySegmentsSql, [copy.newStreamId, now, source.streamId]);
  await replaceSegmentKeys(tx, copy.newStreamId, copy.newKeys);
  await precommit(tx, target, copy);
  const status = committedStatus(copy.versioned);
  await tx.run(commitSql, [
    status,
    original.segmentCount,
    original.plainSize,
    original.encryptedSize,
    original.fixedSegmentSize,
    ...locationParams(target),
    version,
  ]);
  return {
    ...original,
    ...userData,
    key: target.key,
    version,
    streamId: copy.newStreamId,
    status,
    createdAt: now,
    retentionMode: copy.retention.mode,
    retainUntil: copy.retention.retainUntil,
    legalHold: copy.legalHold ? 1 : 0,
  };
}

async function sourceOf(tx: Queries, { source, now }: CopyObject): Promise<ObjectRecord> {
  const original = await tx.first<ObjectRecord>(sourceSql, [...locationParams(source), source.version, now]);
  if (original === undefined) throw objectNotFound("source object not found");
  if (!equalBytes(original.streamId, source.streamId)) throw objectNotFound("object was changed during copy");
  if (isDeleteMarker(original.status)) throw methodNotAllowed();
  return original;
}

function userDataOf(copy: CopyObject, original: ObjectRecord): UserData {
  const { userData } = copy;
  if (copy.overrideMetadata) {
    checkUserData(userData);
    return userData;
  }
  if ((userData.metadataNonce === null) !== (userData.metadataKey === null)) {
    throw invalidRequest(
      userData.metadataNonce === null
        ? "EncryptedMetadataNonce is missing"
        : "EncryptedMetadataEncryptedKey is missing",
    );
  }
  const { metadata, etag, checksumAlgorithm, checksumComposite, checksum } = original;
  const { metadataNonce, metadataKey } = userData;
  return { metadata, etag, checksumAlgorithm, checksumComposite, checksum, metadataNonce, metadataKey };
}
