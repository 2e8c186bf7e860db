import type { Queries } from "../db/queries.js";
import { invalidRequest, pendingObjectMissing } from "./errors.js";
import { pendingObject } from "./find-object.js";
import type { ObjectStream } from "./object-record.js";
import { encodePieces, type Piece } from "./pieces.js";
import type { Redundancy, SegmentPosition } from "./segment-record.js";
import type { Micros } from "./times.js";

interface CommitSegment extends ObjectStream {
  readonly position: SegmentPosition;
  readonly now: Micros;
  readonly expiresAt: Micros | null;
  readonly keyNonce: Uint8Array;
  readonly encryptedKey: Uint8Array;
  readonly plainSize: number;
  readonly etag: Uint8Array | null;
  readonly checksum: Uint8Array | null;
}

export interface CommitInlineSegment extends CommitSegment {
  readonly inlineData: Uint8Array;
}

export interface CommitRemoteSegment extends CommitSegment {
  readonly rootPieceId: Uint8Array;
  readonly encryptedSize: number;
  readonly redundancy: Redundancy;
  readonly pieces: readonly Piece[];
  readonly placement: number;
}

const insertSql = `INSERT INTO segments (
    stream_id, part_number, segment_index, created_at, expires_at, encrypted_key_nonce, encrypted_key,
    encrypted_size, plain_offset, plain_size, encrypted_etag, encrypted_checksum, inline_data,
    root_piece_id, required_shares, repair_shares, optimal_shares, total_shares, share_size, placement, pieces
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (stream_id, part_number, segment_index) DO UPDATE SET
    created_at = excluded.created_at, expires_at = excluded.expires_at,
    encrypted_key_nonce = excluded.encrypted_key_nonce, encrypted_key = excluded.encrypted_key,
    encrypted_size = excluded.encrypted_size, plain_offset = excluded.plain_offset, plain_size = excluded.plain_size,
    encrypted_etag = excluded.encrypted_etag, encrypted_checksum = excluded.encrypted_checksum,
    inline_data = excluded.inline_data,
    root_piece_id = excluded.root_piece_id, required_shares = excluded.required_shares,
    repair_shares = excluded.repair_shares, optimal_shares = excluded.optimal_shares,
    total_shares = excluded.total_shares, share_size = excluded.share_size,
    placement = excluded.placement, pieces = excluded.pieces`;

/** Adds an inline segment to an upload under way, or replaces the one at its position. */
export async function commitInlineSegment(tx: Queries, commit: CommitInlineSegment): Promise<void> {
  await requirePending(tx, commit);
  await insertInlineSegment(tx, commit);
}

/** The insertion alone, for a caller that has just made the object. */
export async function insertInlineSegment(tx: Queries, commit: CommitInlineSegment): Promise<void> {
  await tx.run(insertSql, [
    ...commonParams(commit, commit.inlineData.length),
    commit.inlineData,
    null,
    0,
    0,
    0,
    0,
    0,
    0,
    null,
  ]);
}

/** Adds a segment that lies on nodes to an upload under way, or replaces the one at its position. */
export async function commitRemoteSegment(tx: Queries, commit: CommitRemoteSegment): Promise<void> {
  await requirePending(tx, commit);
  const rs = commit.redundancy;
  await tx.run(insertSql, [
    ...commonParams(commit, commit.encryptedSize),
    null,
    commit.rootPieceId,
    rs.required,
    rs.repair,
    rs.optimal,
    rs.total,
    rs.shareSize,
    commit.placement,
    encodePieces(commit.pieces),
  ]);
}

/** A segment without its key can never be read, not even an empty one. */
export function checkSegmentKey(segment: { encryptedKey: Uint8Array; keyNonce: Uint8Array }): void {
  if (segment.encryptedKey.length === 0) throw invalidRequest("EncryptedKey missing");
  if (segment.keyNonce.length === 0) throw invalidRequest("EncryptedKeyNonce missing");
}

function commonParams(commit: CommitSegment, encryptedSize: number) {
  return [
    commit.streamId,
    commit.position.part,
    commit.position.index,
    commit.now,
    commit.expiresAt,
    commit.keyNonce,
    commit.encryptedKey,
    encryptedSize,
    commit.plainSize,
    commit.etag,
    commit.checksum,
  ];
}

async function requirePending(tx: Queries, stream: ObjectStream): Promise<void> {
  const pending = await pendingObject(tx, stream, stream.version, stream.streamId);
  if (pending === undefined) throw pendingObjectMissing();
}
