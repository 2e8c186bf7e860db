import type { Queries } from "../db/queries.js";
import { invalidRequest } from "./errors.js";
import type { SegmentPosition } from "./segment-record.js";

/** A segment's content key, encrypted for the key of the object that holds it. */
export interface SegmentKey extends SegmentPosition {
  /** 24 bytes. */
  readonly keyNonce: Uint8Array;
  readonly encryptedKey: Uint8Array;
}

const keysSql = `SELECT part_number AS "part", segment_index AS "index", encrypted_key_nonce AS "keyNonce",
    encrypted_key AS "encryptedKey"
  FROM segments WHERE stream_id = ? ORDER BY part_number, segment_index`;

export async function segmentKeys(db: Queries, streamId: Uint8Array): Promise<SegmentKey[]> {
  return db.all<SegmentKey>(keysSql, [streamId]);
}

const updateSql = `UPDATE segments SET encrypted_key_nonce = ?, encrypted_key = ?
  WHERE stream_id = ? AND part_number = ? AND segment_index = ?`;

/** Gives every segment of a stream its new key; all of them must be there. */
export async function replaceSegmentKeys(
  tx: Queries,
  streamId: Uint8Array,
  keys: readonly SegmentKey[],
): Promise<void> {
  for (const { part, index, keyNonce, encryptedKey } of keys) {
    const changed = await tx.run(updateSql, [keyNonce, encryptedKey, streamId, part, index]);
    if (changed !== 1) throw invalidRequest(`missing new segment keys for segment ${part}/${index}`);
  }
}

/** New keys must be as many as there are segments, and one for each. */
export function checkKeyCount(keys: readonly SegmentKey[], segmentCount: number): void {
  if (keys.length !== segmentCount) {
    throw invalidRequest(`wrong number of segments keys received (received ${keys.length}, need ${segmentCount})`);
  }
  if (new Set(keys.map(({ part, index }) => `${part}/${index}`)).size !== keys.length) {
    throw invalidRequest("a segment has two new keys");
  }
}
