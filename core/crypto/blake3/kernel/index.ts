// AssemblyScript, compiled by scripts/build-kernel.mjs; core/crypto/blake3/lanes.ts is its only caller.
//
// BLAKE3 (the paper of that name, sections 2.2 to 2.5) on four inputs at once: vector i holds word i of all four states.

const groupChunks: u32 = 16;
const chunkSize: usize = 1024;
const blockSize: u32 = 64;
const valueSize: usize = 32;

const chunkStart: u32 = 1;
const chunkEnd: u32 = 2;
const parent: u32 = 4;

/** Where `hashGroup` keeps the chaining values of its chunks. */
const values: usize = 2048;

/**
 * Compresses four inputs of `blocks` blocks of 64 bytes, which start `stride` bytes after one another; the chaining values
 * go to `out`, 128 bytes in all.
 * @param lastLength bytes of the last block, the rest of which must be zeros
 * @param flags of all blocks, with `first` for the first one and `last` for the last
 * @param counterLow of the first input; the others follow by `counterStep`, which must not carry
 */
export function hashLanes(
  input: usize,
  stride: usize,
  blocks: u32,
  lastLength: u32,
  flags: u32,
  first: u32,
  last: u32,
  counterLow: u32,
  counterHigh: u32,
  counterStep: u32,
  out: usize,
): void {
  const iv0 = i32x4.splat(0x6a09e667);
  const iv1 = i32x4.splat(0xbb67ae85);
  const iv2 = i32x4.splat(0x3c6ef372);
  const iv3 = i32x4.splat(0xa54ff53a);
  const counters = i32x4.add(i32x4.splat(counterLow), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(counterStep)));
  let h0 = iv0;
  let h1 = iv1;
  let h2 = iv2;
  let h3 = iv3;
  let h4 = i32x4.splat(0x510e527f);
  let h5 = i32x4.splat(0x9b05688c);
  let h6 = i32x4.splat(0x1f83d9ab);
  let h7 = i32x4.splat(0x5be0cd19);
  for (let block: u32 = 1; block <= blocks; block++) {
    let a = v128.load(input);
    let b = v128.load(input + stride);
    let c = v128.load(input + 2 * stride);
    let d = v128.load(input + 3 * stride);
    let m0 = word0(a, b, c, d);
    let m1 = word1(a, b, c, d);
    let m2 = word2(a, b, c, d);
    let m3 = word3(a, b, c, d);
    a = v128.load(input, 16);
    b = v128.load(input + stride, 16);
    c = v128.load(input + 2 * stride, 16);
    d = v128.load(input + 3 * stride, 16);
    let m4 = word0(a, b, c, d);
    let m5 = word1(a, b, c, d);
    let m6 = word2(a, b, c, d);
    let m7 = word3(a, b, c, d);
    a = v128.load(input, 32);
    b = v128.load(input + stride, 32);
    c = v128.load(input + 2 * stride, 32);
    d = v128.load(input + 3 * stride, 32);
    let m8 = word0(a, b, c, d);
    let m9 = word1(a, b, c, d);
    let m10 = word2(a, b, c, d);
    let m11 = word3(a, b, c, d);
    a = v128.load(input, 48);
    b = v128.load(input + stride, 48);
    c = v128.load(input + 2 * stride, 48);
    d = v128.load(input + 3 * stride, 48);
    let m12 = word0(a, b, c, d);
    let m13 = word1(a, b, c, d);
    let m14 = word2(a, b, c, d);
    let m15 = word3(a, b, c, d);

    const blockFlags = flags | (block == 1 ? first : 0) | (block == blocks ? last : 0);
    let v0 = h0;
    let v1 = h1;
    let v2 = h2;
    let v3 = h3;
    let v4 = h4;
    let v5 = h5;
    let v6 = h6;
    let v7 = h7;
    let v8 = iv0;
    let v9 = iv1;
    let v10 = iv2;
    let v11 = iv3;
    let v12 = counters;
    let v13 = i32x4.splat(counterHigh);
    let v14 = i32x4.splat(block == blocks ? lastLength : blockSize);
    let v15 = i32x4.splat(blockFlags);
    for (let round = 0; ; round++) {
      v0 = sum(v0, v4, m0); v12 = turn16(v12, v0); v8 = i32x4.add(v8, v12); v4 = turn12(v4, v8);
      v1 = sum(v1, v5, m2); v13 = turn16(v13, v1); v9 = i32x4.add(v9, v13); v5 = turn12(v5, v9);
      v2 = sum(v2, v6, m4); v14 = turn16(v14, v2); v10 = i32x4.add(v10, v14); v6 = turn12(v6, v10);
      v3 = sum(v3, v7, m6); v15 = turn16(v15, v3); v11 = i32x4.add(v11, v15); v7 = turn12(v7, v11);
      v0 = sum(v0, v4, m1); v12 = turn8(v12, v0); v8 = i32x4.add(v8, v12); v4 = turn7(v4, v8);
      v1 = sum(v1, v5, m3); v13 = turn8(v13, v1); v9 = i32x4.add(v9, v13); v5 = turn7(v5, v9);
      v2 = sum(v2, v6, m5); v14 = turn8(v14, v2); v10 = i32x4.add(v10, v14); v6 = turn7(v6, v10);
      v3 = sum(v3, v7, m7); v15 = turn8(v15, v3); v11 = i32x4.add(v11, v15); v7 = turn7(v7, v11);

      v0 = sum(v0, v5, m8); v15 = turn16(v15, v0); v10 = i32x4.add(v10, v15); v5 = turn12(v5, v10);
      v1 = sum(v1, v6, m10); v12 = turn16(v12, v1); v11 = i32x4.add(v11, v12); v6 = turn12(v6, v11);
      v2 = sum(v2, v7, m12); v13 = turn16(v13, v2); v8 = i32x4.add(v8, v13); v7 = turn12(v7, v8);
      v3 = sum(v3, v4, m14); v14 = turn16(v14, v3); v9 = i32x4.add(v9, v14); v4 = turn12(v4, v9);
      v0 = sum(v0, v5, m9); v15 = turn8(v15, v0); v10 = i32x4.add(v10, v15); v5 = turn7(v5, v10);
      v1 = sum(v1, v6, m11); v12 = turn8(v12, v1); v11 = i32x4.add(v11, v12); v6 = turn7(v6, v11);
      v2 = sum(v2, v7, m13); v13 = turn8(v13, v2); v8 = i32x4.add(v8, v13); v7 = turn7(v7, v8);
      v3 = sum(v3, v4, m15); v14 = turn8(v14, v3); v9 = i32x4.add(v9, v14); v4 = turn7(v4, v9);

      if (round == 6) break;
      const n0 = m0;
      const n1 = m1;
      const n5 = m5;
      const n8 = m8;
      m0 = m2; m2 = m3; m3 = m10; m10 = m12; m12 = m9; m9 = m11; m11 = n5; m5 = n0;
      m1 = m6; m6 = m4; m4 = m7; m7 = m13; m13 = m14; m14 = m15; m15 = n8; m8 = n1;
    }
    h0 = v128.xor(v0, v8);
    h1 = v128.xor(v1, v9);
    h2 = v128.xor(v2, v10);
    h3 = v128.xor(v3, v11);
    h4 = v128.xor(v4, v12);
    h5 = v128.xor(v5, v13);
    h6 = v128.xor(v6, v14);
    h7 = v128.xor(v7, v15);
    input += blockSize;
  }
  v128.store(out, word0(h0, h1, h2, h3));
  v128.store(out, word0(h4, h5, h6, h7), 16);
  v128.store(out, word1(h0, h1, h2, h3), 32);
  v128.store(out, word1(h4, h5, h6, h7), 48);
  v128.store(out, word2(h0, h1, h2, h3), 64);
  v128.store(out, word2(h4, h5, h6, h7), 80);
  v128.store(out, word3(h0, h1, h2, h3), 96);
  v128.store(out, word3(h4, h5, h6, h7), 112);
}

/** Chaining value of the tree over 16 chunks, the first of which has an index that is a multiple of 16; 128 bytes at out. */
export function hashGroup(input: usize, counterLow: u32, counterHigh: u32, out: usize): void {
  for (let i: u32 = 0; i < groupChunks; i += 4) {
    const at = <usize>i;
    hashLanes(
      input + at * chunkSize,
      chunkSize,
      <u32>chunkSize / blockSize,
      blockSize,
      0,
      chunkStart,
      chunkEnd,
      counterLow + i,
      counterHigh,
      1,
      values + at * valueSize,
    );
  }
  hashParents(values, values);
  hashParents(values + 8 * valueSize, values + 4 * valueSize);
  hashParents(values, values);
  hashParents(values, values);
  hashParents(values, out);
}

/** Four parents of eight chaining values. All is read before anything is written. */
function hashParents(input: usize, out: usize): void {
  hashLanes(input, 2 * valueSize, 1, blockSize, parent, 0, 0, 0, 0, 0, out);
}

// @ts-ignore: decorator
@inline
function sum(a: v128, b: v128, m: v128): v128 {
  return i32x4.add(i32x4.add(a, b), m);
}

// Rotations to the right of a ^ b. By whole bytes they are one swizzle: its indexes are constants, and so known to be in
// range, which spares the check that a shuffle by the engine's own code does not.

// @ts-ignore: decorator
@inline
function turn16(a: v128, b: v128): v128 {
  return i8x16.swizzle(v128.xor(a, b), i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
}

// @ts-ignore: decorator
@inline
function turn8(a: v128, b: v128): v128 {
  return i8x16.swizzle(v128.xor(a, b), i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
}

// @ts-ignore: decorator
@inline
function turn12(a: v128, b: v128): v128 {
  const x = v128.xor(a, b);
  return v128.or(i32x4.shl(x, 20), i32x4.shr_u(x, 12));
}

// @ts-ignore: decorator
@inline
function turn7(a: v128, b: v128): v128 {
  const x = v128.xor(a, b);
  return v128.or(i32x4.shl(x, 25), i32x4.shr_u(x, 7));
}

// Word i of each of four vectors.

// @ts-ignore: decorator
@inline
function word0(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 0, 4, 1, 5), 0, 2);
}

// @ts-ignore: decorator
@inline
function word1(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 0, 4, 1, 5), 1, 3);
}

// @ts-ignore: decorator
@inline
function word2(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 2, 6, 3, 7), v128.shuffle<i32>(c, d, 2, 6, 3, 7), 0, 2);
}

// @ts-ignore: decorator
@inline
function word3(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 2, 6, 3, 7), v128.shuffle<i32>(c, d, 2, 6, 3, 7), 1, 3);
}
