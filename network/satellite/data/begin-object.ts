import type { Queries } from "../db/queries.js";
import {
  atLocation,
  type Encryption,
  locationParams,
  type ObjectLocation,
  type Retention,
  type UserData,
} from "./object-record.js";
import { ObjectStatus } from "./object-status.js";
import type { Micros } from "./times.js";

export interface BeginObject extends ObjectLocation {
  readonly streamId: Uint8Array;
  readonly now: Micros;
  readonly expiresAt: Micros | null;
  readonly encryption: Encryption;
  readonly userData: UserData;
  readonly retention: Retention;
  readonly legalHold: boolean;
  /** When an upload that nobody finishes is thrown away. */
  readonly zombieDeadline: Micros;
}

const insertSql = `INSERT INTO objects (
    project_id, bucket_name, object_key, version, stream_id, created_at, expires_at, status,
    encrypted_metadata, encrypted_metadata_nonce, encrypted_metadata_encrypted_key, encrypted_etag,
    encryption_cipher, encryption_block_size, retention_mode, retain_until, legal_hold, zombie_deletion_deadline,
    checksum_algorithm, checksum_composite, encrypted_checksum
  ) VALUES (?, ?, ?, coalesce((SELECT max(version) FROM objects WHERE ${atLocation}), 0) + 1, ?, ?, ?,
    ${ObjectStatus.Pending}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING version`;

/** Adds an upload under way with the next version number of its key, which it returns. */
export async function beginObject(tx: Queries, begin: BeginObject): Promise<number> {
  const location = locationParams(begin);
  const row = await tx.first<{ version: number }>(insertSql, [
    ...location,
    ...location,
    begin.streamId,
    begin.now,
    begin.expiresAt,
    begin.userData.metadata,
    begin.userData.metadataNonce,
    begin.userData.metadataKey,
    begin.userData.etag,
    begin.encryption.cipher,
    begin.encryption.blockSize,
    begin.retention.mode,
    begin.retention.retainUntil,
    begin.legalHold ? 1 : 0,
    begin.zombieDeadline,
    begin.userData.checksumAlgorithm,
    begin.userData.checksumComposite,
    begin.userData.checksum,
  ]);
  return row!.version;
}
