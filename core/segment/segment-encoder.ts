import { encryptBlocks } from "../crypto/blocks.js";
import { padding } from "../crypto/padding.js";
import { shareNumbers } from "../erasure/share.js";
import { PosternError } from "../errors.js";
import type { EncodedSegment, EncodedUnit, PieceHashAlgorithm, SegmentLayout } from "./codec.js";
import { layoutSizes, unitPlainBytes } from "./layout.js";
import { createPieceHasher } from "./piece-hash.js";
import { createSpreader } from "./spreader.js";

const none = new Uint8Array(0);

/** The synchronous heart of a SegmentEncoder. */
export interface SyncSegmentEncoder {
  readonly unitSize: number;
  encode(plain: Uint8Array): EncodedUnit;
  /** @param plain the last plain bytes; none when absent */
  finish(plain?: Uint8Array): { unit: EncodedUnit; segment: EncodedSegment };
}

/**
 * Plain bytes are padded to cipher blocks and encrypted, the result is padded to stripes and spread
 * (storj/common encryption/pad.go and transform.go, storj/uplink private/eestream/encode.go). The runs of a unit are views
 * of one buffer of their own, which can be transferred.
 */
export function createSegmentEncoder(layout: SegmentLayout, hash: PieceHashAlgorithm): SyncSegmentEncoder {
  const sizes = layoutSizes(layout);
  const { cipher, plainBlock, encryptedBlock, stripe, total } = sizes;
  const spread = createSpreader(sizes);
  const hashers = shareNumbers(0, total).map(() => createPieceHasher(hash));
  /** Plain bytes of a block that is not complete. */
  const rest = new Uint8Array(plainBlock);
  let restLength = 0;
  let blocks = 0;
  /** Plain bytes taken, in the end with their padding. */
  let taken = 0;
  let pieceSize = 0;
  let finished = false;

  /** @param parts whole plain blocks; `final` bytes follow what they become */
  function unit(parts: readonly Uint8Array[], final: Uint8Array = none): EncodedUnit {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    spread.begin((length / plainBlock) * encryptedBlock + final.length);
    for (const part of parts) {
      for (let at = 0; at < part.length; ) {
        const room = spread.room();
        const end = Math.min(part.length, at + Math.floor(room.length / encryptedBlock) * plainBlock);
        spread.wrote(encryptBlocks(part.subarray(at, end), room, cipher, blocks));
        blocks += (end - at) / plainBlock;
        at = end;
      }
    }
    spread.room().set(final);
    spread.wrote(final.length);
    const runs = spread.end();
    pieceSize += runs[0]!.length;
    if (runs[0]!.length > 0) for (const [i, run] of runs.entries()) hashers[i]!.update(run);
    return { runs };
  }

  /** Takes plain bytes; returns the whole blocks that there are now, in order. */
  function wholeBlocks(plain: Uint8Array): Uint8Array[] {
    if (finished) throw finishedError();
    taken += plain.length;
    const parts: Uint8Array[] = [];
    let start = 0;
    if (restLength > 0) {
      start = Math.min(plain.length, plainBlock - restLength);
      rest.set(plain.subarray(0, start), restLength);
      restLength += start;
      if (restLength < plainBlock) return parts;
      parts.push(rest.slice());
    }
    const end = start + Math.floor((plain.length - start) / plainBlock) * plainBlock;
    if (end > start) parts.push(plain.subarray(start, end));
    rest.set(plain.subarray(end));
    restLength = plain.length - end;
    return parts;
  }

  return {
    unitSize: unitPlainBytes(sizes),
    encode: (plain) => unit(wholeBlocks(plain)),
    finish(plain = none) {
      const blocks = wholeBlocks(plain);
      const plainSize = taken;
      const last = [...blocks, ...wholeBlocks(padding(plainSize, plainBlock))];
      finished = true;
      const encryptedSize = (taken / plainBlock) * encryptedBlock;
      const lastUnit = unit(last, padding(encryptedSize, stripe));
      const pieceHashes = hashers.map((hasher) => hasher.digest());
      return { unit: lastUnit, segment: { encryptedSize, plainSize, pieceSize, pieceHashes } };
    },
  };
}

export function finishedError(): PosternError {
  return new PosternError("invalid-argument", "the segment is finished");
}
