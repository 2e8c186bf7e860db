import type { Queries } from "../db/queries.js";
import { checkSegmentKey, insertInlineSegment } from "./commit-segment.js";
import { checksumMissing, invalidRequest } from "./errors.js";
import {
  type Encryption,
  locationParams,
  type ObjectLocation,
  type ObjectRecord,
  type Retention,
  type UserData,
} from "./object-record.js";
import { type CommitRules, committedStatus, newVersion, precommit } from "./precommit.js";
import type { SegmentPosition } from "./segment-record.js";
import type { Micros } from "./times.js";

export interface CommitInlineObject extends ObjectLocation, CommitRules {
  readonly streamId: Uint8Array;
  readonly expiresAt: Micros | null;
  readonly encryption: Encryption;
  readonly userData: UserData;
  readonly retention: Retention;
  readonly legalHold: boolean;
  readonly segment: {
    readonly position: SegmentPosition;
    readonly keyNonce: Uint8Array;
    readonly encryptedKey: Uint8Array;
    readonly plainSize: number;
    readonly etag: Uint8Array | null;
    readonly checksum: Uint8Array | null;
    readonly inlineData: Uint8Array;
  };
}

const insertSql = `INSERT INTO objects (
    project_id, bucket_name, object_key, version, stream_id, created_at, expires_at, status, segment_count,
    encrypted_metadata, encrypted_metadata_nonce, encrypted_metadata_encrypted_key, encrypted_etag,
    total_plain_size, total_encrypted_size, fixed_segment_size,
    encryption_cipher, encryption_block_size, retention_mode, retain_until, legal_hold,
    checksum_algorithm, checksum_composite, encrypted_checksum
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/**
 * Begin, inline segment and commit of a small object in one transaction and a handful of statements
 * (storj/storj satellite/metabase/commit_object.go, CommitInlineObject).
 */
export async function commitInlineObject(tx: Queries, commit: CommitInlineObject): Promise<ObjectRecord> {
  if (commit.encryption.cipher === 0) throw invalidRequest("Encryption is missing");
  const { segment, userData } = commit;
  if (userData.checksumAlgorithm !== 0 && userData.checksum === null) throw checksumMissing();
  checkSegmentKey(segment);
  const version = newVersion(await precommit(tx, commit, commit));
  const regular = segment.position.part === 0 && segment.position.index === 0;
  const object: ObjectRecord = {
    key: commit.key,
    version,
    streamId: commit.streamId,
    status: committedStatus(commit.versioned),
    createdAt: commit.now,
    expiresAt: commit.expiresAt,
    segmentCount: 1,
    metadata: userData.metadata,
    metadataNonce: userData.metadataNonce,
    metadataKey: userData.metadataKey,
    etag: userData.etag,
    checksumAlgorithm: userData.checksumAlgorithm,
    checksumComposite: userData.checksumComposite,
    checksum: userData.checksum,
    plainSize: segment.plainSize,
    encryptedSize: segment.inlineData.length,
    fixedSegmentSize: regular ? segment.plainSize : -1,
    cipher: commit.encryption.cipher,
    blockSize: commit.encryption.blockSize,
    retentionMode: commit.retention.mode,
    retainUntil: commit.retention.retainUntil,
    legalHold: commit.legalHold ? 1 : 0,
  };
  await tx.run(insertSql, [
    ...locationParams(commit),
    object.version,
    object.streamId,
    object.createdAt,
    object.expiresAt,
    object.status,
    object.metadata,
    object.metadataNonce,
    object.metadataKey,
    object.etag,
    object.plainSize,
    object.encryptedSize,
    object.fixedSegmentSize,
    object.cipher,
    object.blockSize,
    object.retentionMode,
    object.retainUntil,
    object.legalHold,
    object.checksumAlgorithm,
    object.checksumComposite,
    object.checksum,
  ]);
  await insertInlineSegment(tx, { ...commit, ...segment, version });
  return object;
}
