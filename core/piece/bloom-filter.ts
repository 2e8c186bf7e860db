import { PosternError } from "../errors.js";
import type { PieceId } from "../identity/piece-id.js";

/*
 * Which pieces a storage node is to keep, in few bytes: garbage collection's filter of pieces that segments refer to.
 * Source: storj/storj shared/bloomfilter/filter.go.
 *
 *   version 1 (1) | seed (1) | hashes (1) | table
 *
 * A piece id is random, so its own bytes are the hashes: from each of some places of the id, repeated, eight bytes
 * (little-endian, modulo the table's size) name a byte of the table and the next byte its bit.
 */

/** Bytes of the largest filter that is taken. */
export const maxFilterBytes = 64 * 1024 * 1024;

const version = 1;
const headerSize = 3;
const idSize = 32;
const steps = [9, 13, 19, 23] as const;

export interface BloomFilter {
  readonly hashCount: number;
  /** Bytes of its table. */
  readonly size: number;
  add(pieceId: PieceId): void;
  /** False: the piece was never added. True: it was, or the filter can not tell. */
  contains(pieceId: PieceId): boolean;
  /** As it crosses the wire. A view: it changes with what is added. */
  bytes(): Uint8Array;
}

export interface BloomFilterOptions {
  /** 0 to 254; where in ids the hashes are taken. A new one each time lets what one filter missed be found. */
  readonly seed: number;
  /** 1 to 255. */
  readonly hashCount: number;
  /** Bytes of the table. */
  readonly size: number;
}

export function createBloomFilter({ seed, hashCount, size }: BloomFilterOptions): BloomFilter {
  const bytes = new Uint8Array(headerSize + size);
  bytes.set([version, seed, hashCount]);
  return parseBloomFilter(bytes);
}

/** Hashes and size for so many pieces, so that about `falsePositiveRate` of others can not be told from them. */
export function optimalParameters(
  pieces: number,
  falsePositiveRate: number,
  maxSize = Number.POSITIVE_INFINITY,
): { hashCount: number; size: number } {
  const bitsPerPiece = -1.44 * Math.log2(falsePositiveRate);
  const hashCount = Math.min(32, Math.ceil(bitsPerPiece * Math.LN2));
  const size = Math.min(maxSize, Math.ceil((pieces * bitsPerPiece) / 8));
  return { hashCount: Math.max(1, hashCount), size: Math.max(1, size) };
}

/** Keeps the bytes. Throws `invalid-argument`, with the real node's text, for what is no filter. */
export function parseBloomFilter(bytes: Uint8Array): BloomFilter {
  if (bytes.length <= headerSize) throw new PosternError("invalid-argument", "not enough data");
  if (bytes.length > maxFilterBytes) throw new PosternError("invalid-argument", "filter too large");
  const [found, seed, hashCount] = bytes as unknown as [number, number, number];
  if (found !== version) throw new PosternError("invalid-argument", `unsupported version ${found}`);
  if (hashCount === 0) throw new PosternError("invalid-argument", "invalid hash count 0");
  const table = bytes.subarray(headerSize);
  const first = seed % idSize;
  const step = steps[Math.floor(seed / idSize) % steps.length]!;
  const wrap = 2 ** 32 % table.length;

  /** Byte of the table for the eight bytes of the id, repeated, at `offset`. */
  function bucketAt(id: DataView, offset: number): number {
    const low = id.getUint32(offset, true);
    const high = id.getUint32(offset + 4, true);
    // Below 2^53, as a table is smaller than 2^26.
    return ((high % table.length) * wrap + low) % table.length;
  }

  function* places(pieceId: PieceId): Generator<readonly [bucket: number, mask: number], void, undefined> {
    const id = new Uint8Array(2 * idSize);
    id.set(pieceId);
    id.set(pieceId, idSize);
    const view = new DataView(id.buffer);
    for (let count = 0, offset = first; count < hashCount; count++, offset = (offset + step) % idSize) {
      yield [bucketAt(view, offset), 1 << (id[offset + 8]! & 7)];
    }
  }

  return {
    hashCount,
    size: table.length,
    add(pieceId) {
      for (const [bucket, mask] of places(pieceId)) table[bucket]! |= mask;
    },
    contains(pieceId) {
      for (const [bucket, mask] of places(pieceId)) if ((table[bucket]! & mask) === 0) return false;
      return true;
    },
    bytes: () => bytes,
  };
}
