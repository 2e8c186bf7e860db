import type { Micros } from "./times.js";

export interface SegmentPosition {
  readonly part: number;
  readonly index: number;
}

export interface Redundancy {
  readonly required: number;
  readonly repair: number;
  readonly optimal: number;
  readonly total: number;
  /** Bytes of an erasure share. */
  readonly shareSize: number;
}

/** A row of the segments table without the data of where its bytes are. */
export interface SegmentInfo extends SegmentPosition {
  readonly createdAt: Micros;
  readonly keyNonce: Uint8Array;
  readonly encryptedKey: Uint8Array;
  readonly encryptedSize: number;
  readonly plainOffset: number;
  readonly plainSize: number;
  readonly etag: Uint8Array | null;
  readonly checksum: Uint8Array | null;
}

/** A row of the segments table. `pieces` is null for an inline segment, `inlineData` for a remote one. */
export interface SegmentRecord extends SegmentInfo, Redundancy {
  readonly rootPieceId: Uint8Array | null;
  readonly placement: number;
  readonly inlineData: Uint8Array | null;
  readonly pieces: Uint8Array | null;
}

export const segmentInfoColumns = `
  part_number AS "part", segment_index AS "index", created_at AS "createdAt",
  encrypted_key_nonce AS "keyNonce", encrypted_key AS "encryptedKey", encrypted_size AS "encryptedSize",
  plain_offset AS "plainOffset", plain_size AS "plainSize", encrypted_etag AS "etag",
  encrypted_checksum AS "checksum"`;

export const segmentColumns = `${segmentInfoColumns},
  root_piece_id AS "rootPieceId", required_shares AS "required", repair_shares AS "repair",
  optimal_shares AS "optimal", total_shares AS "total", share_size AS "shareSize",
  placement, inline_data AS "inlineData", pieces`;

export function isInline(segment: SegmentRecord): boolean {
  return segment.pieces === null;
}

/** Bytes of each piece of a segment (storj/common storj/redundancy.go, PieceSize): four bytes of padding at least. */
export function pieceSizeOf(redundancy: Redundancy, encryptedSize: number): number {
  const stripeSize = redundancy.required * redundancy.shareSize;
  return Math.ceil((encryptedSize + 4) / stripeSize) * redundancy.shareSize;
}
