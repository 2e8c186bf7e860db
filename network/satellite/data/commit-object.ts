import type { Queries } from "../db/queries.js";
import { checksumMissing, invalidRequest, objectNotFound } from "./errors.js";
import { pendingObject } from "./find-object.js";
import {
  atLocation,
  type Encryption,
  locationParams,
  type ObjectRecord,
  type ObjectStream,
  type UserData,
} from "./object-record.js";
import { type CommitRules, committedStatus, committedVersion, precommit } from "./precommit.js";
import { checkParts, type PartLimits, type SegmentSizes, totalsOf } from "./segment-totals.js";
import type { Micros } from "./times.js";

export interface CommitObject extends ObjectStream, CommitRules {
  readonly expiresAt: Micros | null;
  /** Used when the upload was begun without. */
  readonly encryption: Encryption;
  /** Replaces what the upload was begun with; null keeps that. */
  readonly userData: UserData | null;
  readonly partLimits: PartLimits;
}

const segmentsSql = `SELECT part_number AS "part", segment_index AS "index", encrypted_size AS "encryptedSize",
    plain_offset AS "plainOffset", plain_size AS "plainSize"
  FROM segments WHERE stream_id = ? ORDER BY part_number, segment_index`;

const offsetSql = "UPDATE segments SET plain_offset = ? WHERE stream_id = ? AND part_number = ? AND segment_index = ?";

const updateSql = `UPDATE objects SET version = ?, status = ?, segment_count = ?, expires_at = ?,
    total_plain_size = ?, total_encrypted_size = ?, fixed_segment_size = ?,
    encryption_cipher = ?, encryption_block_size = ?,
    encrypted_metadata = ?, encrypted_metadata_nonce = ?, encrypted_metadata_encrypted_key = ?, encrypted_etag = ?,
    checksum_algorithm = ?, checksum_composite = ?, encrypted_checksum = ?,
    zombie_deletion_deadline = NULL
  WHERE ${atLocation} AND version = ?`;

/** Makes an upload the object of its key: all of it becomes visible at once. */
export async function commitObject(tx: Queries, commit: CommitObject): Promise<ObjectRecord> {
  const pending = await pendingObject(tx, commit, commit.version, commit.streamId);
  if (pending === undefined) {
    throw objectNotFound("metabase: object with specified version and pending status is missing");
  }
  const encryption = pending.cipher === 0 ? commit.encryption : pending;
  if (encryption.cipher === 0) throw invalidRequest("Encryption is missing");
  const userData = commit.userData ?? pending;
  if (userData.checksumAlgorithm !== 0 && userData.checksum === null) throw checksumMissing();

  const taken = await precommit(tx, commit, commit);
  const segments = await tx.all<SegmentSizes>(segmentsSql, [commit.streamId]);
  checkParts(segments, commit.partLimits);
  await updateOffsets(tx, commit.streamId, segments);

  const totals = totalsOf(segments);
  const object: ObjectRecord = {
    ...pending,
    ...totals,
    metadata: userData.metadata,
    metadataNonce: userData.metadataNonce,
    metadataKey: userData.metadataKey,
    etag: userData.etag,
    checksumAlgorithm: userData.checksumAlgorithm,
    checksumComposite: userData.checksumComposite,
    checksum: userData.checksum,
    cipher: encryption.cipher,
    blockSize: encryption.blockSize,
    expiresAt: commit.expiresAt,
    status: committedStatus(commit.versioned),
    // Another upload of the key may have begun later and been committed earlier; the newest version is this one.
    version: committedVersion(commit.version, taken),
  };
  await tx.run(updateSql, [
    object.version,
    object.status,
    object.segmentCount,
    object.expiresAt,
    object.plainSize,
    object.encryptedSize,
    object.fixedSegmentSize,
    object.cipher,
    object.blockSize,
    object.metadata,
    object.metadataNonce,
    object.metadataKey,
    object.etag,
    object.checksumAlgorithm,
    object.checksumComposite,
    object.checksum,
    ...locationParams(commit),
    commit.version,
  ]);
  return object;
}

async function updateOffsets(tx: Queries, streamId: Uint8Array, segments: readonly SegmentSizes[]): Promise<void> {
  let offset = 0;
  for (const segment of segments) {
    if (segment.plainOffset !== offset) await tx.run(offsetSql, [offset, streamId, segment.part, segment.index]);
    offset += segment.plainSize;
  }
}
