import type { Micros } from "./times.js";

/** Where an object is: what several versions of it share. */
export interface ObjectLocation {
  /** 16 bytes. */
  readonly projectId: Uint8Array;
  readonly bucket: Uint8Array;
  /** The encrypted object key. */
  readonly key: Uint8Array;
}

/** One version, or one upload that is under way. */
export interface ObjectStream extends ObjectLocation {
  readonly version: number;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
}

/** Encrypted by the client; `metadata` is a StreamMeta message. Null where nothing was given. */
export interface UserData {
  readonly metadata: Uint8Array | null;
  /** 24 bytes. */
  readonly metadataNonce: Uint8Array | null;
  /** 48 bytes. */
  readonly metadataKey: Uint8Array | null;
  readonly etag: Uint8Array | null;
  /** metainfo.ObjectChecksumAlgorithm; 0 when there is no checksum. */
  readonly checksumAlgorithm: number;
  /** 1 for a checksum of the parts' checksums. */
  readonly checksumComposite: number;
  readonly checksum: Uint8Array | null;
}

export interface Encryption {
  readonly cipher: number;
  readonly blockSize: number;
}

/** `mode` 0 when there is none; metainfo.Retention.Mode otherwise. */
export interface Retention {
  readonly mode: number;
  readonly retainUntil: Micros | null;
}

/** A row of the objects table. */
export interface ObjectRecord extends UserData, Encryption {
  readonly key: Uint8Array;
  readonly version: number;
  readonly streamId: Uint8Array;
  readonly status: number;
  readonly createdAt: Micros;
  readonly expiresAt: Micros | null;
  readonly segmentCount: number;
  readonly plainSize: number;
  readonly encryptedSize: number;
  /** Plain size of all segments but the last; -1 when they differ or the object was uploaded in parts. */
  readonly fixedSegmentSize: number;
  readonly retentionMode: number;
  readonly retainUntil: Micros | null;
  readonly legalHold: number;
}

export const checksumColumns = `checksum_algorithm AS "checksumAlgorithm", checksum_composite AS "checksumComposite",
  encrypted_checksum AS "checksum"`;

export const objectColumns = `
  object_key AS "key", version, stream_id AS "streamId", status,
  created_at AS "createdAt", expires_at AS "expiresAt", segment_count AS "segmentCount",
  encrypted_metadata AS "metadata", encrypted_metadata_nonce AS "metadataNonce",
  encrypted_metadata_encrypted_key AS "metadataKey", encrypted_etag AS "etag",
  ${checksumColumns},
  total_plain_size AS "plainSize", total_encrypted_size AS "encryptedSize", fixed_segment_size AS "fixedSegmentSize",
  encryption_cipher AS "cipher", encryption_block_size AS "blockSize",
  retention_mode AS "retentionMode", retain_until AS "retainUntil", legal_hold AS "legalHold"`;

/** Condition for one key; its parameters are `locationParams`. */
export const atLocation = "project_id = ? AND bucket_name = ? AND object_key = ?";

export function locationParams(location: ObjectLocation): [Uint8Array, Uint8Array, Uint8Array] {
  return [location.projectId, location.bucket, location.key];
}
