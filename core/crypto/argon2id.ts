import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { blake2b } from "hash-wasm";
import { concatBytes, fromHex } from "../bytes/bytes.js";

/*
 * Argon2id of one pass (RFC 9106, version 0x13). hash-wasm does the same many times faster, but refuses the empty
 * password, which is a valid passphrase on the network; this stands in for that one case.
 */

/** 64-bit words of a block, each as two 32-bit halves, low first. */
const blockWords = 256;
const slices = 4;
/** Column and row order of the permutation, as offsets of 64-bit words (RFC 9106 section 3.6). */
const columns = Array.from({ length: 8 }, (_, i) => Array.from({ length: 16 }, (_, j) => 16 * i + j));
const rows = Array.from({ length: 8 }, (_, i) => Array.from({ length: 16 }, (_, j) => 2 * i + 16 * (j >> 1) + (j & 1)));
const rounds = [...columns, ...rows];

export interface Argon2idOptions {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** Lanes; a part of the result. */
  readonly parallelism: number;
  /** KiB of memory. */
  readonly memorySize: number;
}

/** 32 bytes. About 2 s for 64 MiB; lets other work run in between. */
export async function argon2idOnePass(options: Argon2idOptions): Promise<Uint8Array> {
  const lanes = options.parallelism;
  const segmentLength = Math.floor(options.memorySize / (slices * lanes));
  const laneLength = slices * segmentLength;
  const memory = new Uint32Array(lanes * laneLength * blockWords);
  const blockAt = (lane: number, column: number) => {
    const start = (lane * laneLength + column) * blockWords;
    return memory.subarray(start, start + blockWords);
  };

  const seed = seedOf(options);
  for (let lane = 0; lane < lanes; lane++) {
    for (const column of [0, 1]) blockAt(lane, column).set(wordsOf(longHash(concatBytes(seed, le32(column, lane)))));
  }
  for (let slice = 0; slice < slices; slice++) {
    for (let lane = 0; lane < lanes; lane++) {
      // The first half of the pass chooses blocks without looking at the data, the second by the block before.
      const pairs = slice < 2 ? fixedPairs(lane, slice, segmentLength, lanes * laneLength) : undefined;
      for (let index = slice === 0 ? 2 : 0; index < segmentLength; index++) {
        const column = slice * segmentLength + index;
        const previous = blockAt(lane, column - 1);
        const [j1, j2] =
          pairs === undefined ? [previous[0]!, previous[1]!] : [pairs[2 * index]!, pairs[2 * index + 1]!];
        const from = slice === 0 ? lane : j2 % lanes;
        // Blocks of the lane so far, or of the finished slices of another one, without the last (section 3.4.2).
        const area = from === lane ? column - 1 : slice * segmentLength - (index === 0 ? 1 : 0);
        const squared = Number((BigInt(j1) * BigInt(j1)) >> 32n);
        const reference = area - 1 - Number((BigInt(area) * BigInt(squared)) >> 32n);
        compress(previous, blockAt(from, reference), blockAt(lane, column));
      }
      await setImmediate();
    }
  }
  const last = blockAt(0, laneLength - 1);
  for (let lane = 1; lane < lanes; lane++) {
    const other = blockAt(lane, laneLength - 1);
    for (let i = 0; i < blockWords; i++) last[i]! ^= other[i]!;
  }
  return fromHex(await blake2b(concatBytes(le32(32), bytesOf(last)), 256));
}

function seedOf({ password, salt, parallelism, memorySize }: Argon2idOptions): Uint8Array {
  const [tagLength, passes, version, type] = [32, 1, 0x13, 2];
  const head = le32(parallelism, tagLength, memorySize, passes, version, type, password.length);
  return blake2b512(concatBytes(head, password, le32(salt.length), salt, le32(0, 0)));
}

/** 1024 bytes (section 3.3). */
function longHash(input: Uint8Array): Uint8Array {
  const parts = [blake2b512(concatBytes(le32(4 * blockWords), input))];
  while (parts.length < 31) parts.push(blake2b512(parts.at(-1)!));
  return concatBytes(...parts.map((part, i) => (i < 30 ? part.subarray(0, 32) : part)));
}

/** J1 and J2 of every block of a segment (section 3.4.1.2). */
function fixedPairs(lane: number, slice: number, segmentLength: number, blocks: number): Uint32Array {
  const pairs = new Uint32Array(Math.ceil(segmentLength / 128) * blockWords);
  const zero = new Uint32Array(blockWords);
  const input = new Uint32Array(blockWords);
  const inner = new Uint32Array(blockWords);
  [0, lane, slice, blocks, 1, 2].forEach((word, i) => {
    input[2 * i] = word;
  });
  for (let start = 0; start < pairs.length; start += blockWords) {
    input[12]!++;
    compress(zero, input, inner);
    compress(zero, inner, pairs.subarray(start, start + blockWords));
  }
  return pairs;
}

const scratch = new Uint32Array(blockWords);

/** The compression function G (section 3.5). */
function compress(x: Uint32Array, y: Uint32Array, out: Uint32Array): void {
  for (let i = 0; i < blockWords; i++) scratch[i] = out[i] = x[i]! ^ y[i]!;
  for (const round of rounds) permute(scratch, round);
  for (let i = 0; i < blockWords; i++) out[i]! ^= scratch[i]!;
}

/** BLAKE2b's round over sixteen words, with a multiplication added (section 3.6). */
function permute(v: Uint32Array, w: readonly number[]): void {
  for (let i = 0; i < 4; i++) mix(v, 2 * w[i]!, 2 * w[4 + i]!, 2 * w[8 + i]!, 2 * w[12 + i]!);
  for (let i = 0; i < 4; i++) {
    mix(v, 2 * w[i]!, 2 * w[4 + ((i + 1) & 3)]!, 2 * w[8 + ((i + 2) & 3)]!, 2 * w[12 + ((i + 3) & 3)]!);
  }
}

function mix(v: Uint32Array, a: number, b: number, c: number, d: number): void {
  addMultiplied(v, a, b);
  xorRotate(v, d, a, 32);
  addMultiplied(v, c, d);
  xorRotate(v, b, c, 24);
  addMultiplied(v, a, b);
  xorRotate(v, d, a, 16);
  addMultiplied(v, c, d);
  xorRotate(v, b, c, 63);
}

/** v[a] += v[b] + 2 * low(v[a]) * low(v[b]), in 64 bits. */
function addMultiplied(v: Uint32Array, a: number, b: number): void {
  const x = v[a]!;
  const y = v[b]!;
  const [x1, x0, y1, y0] = [x >>> 16, x & 0xffff, y >>> 16, y & 0xffff];
  const cross1 = x1 * y0;
  const cross2 = x0 * y1;
  const middle = ((x0 * y0) >>> 16) + (cross1 & 0xffff) + (cross2 & 0xffff);
  const low = Math.imul(x, y) >>> 0;
  const high = x1 * y1 + (cross1 >>> 16) + (cross2 >>> 16) + (middle >>> 16);
  const sum = x + y + low * 2;
  v[a] = sum;
  v[a + 1] = v[a + 1]! + v[b + 1]! + high * 2 + Math.floor(sum / 0x1_0000_0000);
}

/** v[a] = (v[a] ^ v[b]) rotated right. */
function xorRotate(v: Uint32Array, a: number, b: number, by: number): void {
  const low = v[a]! ^ v[b]!;
  const high = v[a + 1]! ^ v[b + 1]!;
  if (by === 32) {
    v[a] = high;
    v[a + 1] = low;
  } else if (by === 63) {
    v[a] = (low << 1) | (high >>> 31);
    v[a + 1] = (high << 1) | (low >>> 31);
  } else {
    v[a] = (low >>> by) | (high << (32 - by));
    v[a + 1] = (high >>> by) | (low << (32 - by));
  }
}

function blake2b512(input: Uint8Array): Uint8Array {
  return createHash("blake2b512").update(input).digest();
}

function le32(...words: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  return new Uint8Array(view.buffer);
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function bytesOf(words: Uint32Array): Uint8Array {
  return le32(...words);
}
