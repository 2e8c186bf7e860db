// AssemblyScript, compiled by scripts/build-kernel.mjs; core/erasure/kernel.ts is its only caller.
//
// Shares are combined linearly over GF(2^8). Multiplication by a constant is linear over the bits of a byte, so
// c * x = low[x & 15] ^ high[x >> 4] with two tables of 16 bytes: one swizzle instruction looks up 16 bytes at once.
// A coefficient's tables are 32 bytes, low then high; a row's follow one another in the order of the sources.

const vector: usize = 16;
const pair: usize = 32;
const tableSize: usize = 32;

/** Copies `count` shares of `size` bytes, from places `sourceStride` apart to places `targetStride` apart. */
export function copyShares(
  source: usize,
  sourceStride: usize,
  target: usize,
  targetStride: usize,
  size: usize,
  count: u32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    let at: usize = 0;
    if (size >= vector) {
      for (; at + vector <= size; at += vector) v128.store(target + at, v128.load(source + at));
      // The last bytes overlap what is written: the same bytes again.
      if (at < size) v128.store(target + size - vector, v128.load(source + size - vector));
    } else {
      for (; at < size; at++) store<u8>(target + at, load<u8>(source + at));
    }
    source += sourceStride;
    target += targetStride;
  }
}

/**
 * Computes `rows` shares of each of `stripes` stripes from `count` others.
 * @param sources addresses (u32) of the first stripe's source shares; a stripe further is `sourceStride` bytes on
 * @param targets the same for the computed shares; they must not overlap the sources
 * @param tables rows * count * 32 bytes
 */
export function combineShares(
  sources: usize,
  count: u32,
  sourceStride: usize,
  targets: usize,
  rows: u32,
  targetStride: usize,
  tables: usize,
  size: usize,
  stripes: u32,
): void {
  const end = sources + (<usize>count << 2);
  const rowSize = <usize>count * tableSize;
  for (let stripe: u32 = 0; stripe < stripes; stripe++) {
    const from = <usize>stripe * sourceStride;
    const to = <usize>stripe * targetStride;
    let row: u32 = 0;
    let table = tables;
    let target = targets;
    if (size >= pair) {
      for (; row + 3 <= rows; row += 3) {
        const t0 = <usize>load<u32>(target) + to;
        const t1 = <usize>load<u32>(target, 4) + to;
        const t2 = <usize>load<u32>(target, 8) + to;
        let at: usize = 0;
        for (; at + pair <= size; at += pair) threeRows(sources, end, from + at, table, rowSize, t0 + at, t1 + at, t2 + at);
        if (at < size) {
          at = size - pair;
          threeRows(sources, end, from + at, table, rowSize, t0 + at, t1 + at, t2 + at);
        }
        table += 3 * rowSize;
        target += 12;
      }
      for (; row + 2 <= rows; row += 2) {
        const t0 = <usize>load<u32>(target) + to;
        const t1 = <usize>load<u32>(target, 4) + to;
        let at: usize = 0;
        for (; at + pair <= size; at += pair) twoRows(sources, end, from + at, table, rowSize, t0 + at, t1 + at);
        if (at < size) {
          at = size - pair;
          twoRows(sources, end, from + at, table, rowSize, t0 + at, t1 + at);
        }
        table += 2 * rowSize;
        target += 8;
      }
    }
    for (; row < rows; row++) {
      const t0 = <usize>load<u32>(target) + to;
      if (size >= vector) {
        let at: usize = 0;
        for (; at + vector <= size; at += vector) oneRow(sources, end, from + at, table, t0 + at);
        if (at < size) oneRow(sources, end, from + size - vector, table, t0 + size - vector);
      } else {
        for (let at: usize = 0; at < size; at++) oneByte(sources, end, from + at, table, t0 + at);
      }
      table += rowSize;
      target += 4;
    }
  }
}

/**
 * The bytes of `table` at `indexes` below 16. The relaxed instruction leaves other indexes open and so is one machine
 * instruction less on x64; the build makes a kernel with it and one without.
 */
// @ts-ignore: decorator
@inline
function lookup(table: v128, indexes: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, indexes);
  return i8x16.swizzle(table, indexes);
}

// @ts-ignore: decorator
@inline
function low(x: v128): v128 {
  return v128.and(x, i8x16.splat(15));
}

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return v128.and(i16x8.shr_u(x, 4), i8x16.splat(15));
}

/** Three target rows, 32 bytes of each: what fits in 16 vector registers. */
// @ts-ignore: decorator
@inline
function threeRows(
  sources: usize,
  end: usize,
  from: usize,
  table: usize,
  rowSize: usize,
  t0: usize,
  t1: usize,
  t2: usize,
): void {
  let a0 = i64x2.splat(0);
  let a1 = i64x2.splat(0);
  let b0 = i64x2.splat(0);
  let b1 = i64x2.splat(0);
  let c0 = i64x2.splat(0);
  let c1 = i64x2.splat(0);
  let second = table + rowSize;
  let third = second + rowSize;
  for (let source = sources; source < end; source += 4) {
    const address = <usize>load<u32>(source) + from;
    const x0 = v128.load(address);
    const x1 = v128.load(address, 16);
    const l0 = low(x0);
    const h0 = high(x0);
    const l1 = low(x1);
    const h1 = high(x1);
    let lows = v128.load(table);
    let highs = v128.load(table, 16);
    a0 = v128.xor(a0, v128.xor(lookup(lows, l0), lookup(highs, h0)));
    a1 = v128.xor(a1, v128.xor(lookup(lows, l1), lookup(highs, h1)));
    lows = v128.load(second);
    highs = v128.load(second, 16);
    b0 = v128.xor(b0, v128.xor(lookup(lows, l0), lookup(highs, h0)));
    b1 = v128.xor(b1, v128.xor(lookup(lows, l1), lookup(highs, h1)));
    lows = v128.load(third);
    highs = v128.load(third, 16);
    c0 = v128.xor(c0, v128.xor(lookup(lows, l0), lookup(highs, h0)));
    c1 = v128.xor(c1, v128.xor(lookup(lows, l1), lookup(highs, h1)));
    table += tableSize;
    second += tableSize;
    third += tableSize;
  }
  v128.store(t0, a0);
  v128.store(t0, a1, 16);
  v128.store(t1, b0);
  v128.store(t1, b1, 16);
  v128.store(t2, c0);
  v128.store(t2, c1, 16);
}

// @ts-ignore: decorator
@inline
function twoRows(sources: usize, end: usize, from: usize, table: usize, rowSize: usize, t0: usize, t1: usize): void {
  let a0 = i64x2.splat(0);
  let a1 = i64x2.splat(0);
  let b0 = i64x2.splat(0);
  let b1 = i64x2.splat(0);
  let second = table + rowSize;
  for (let source = sources; source < end; source += 4) {
    const address = <usize>load<u32>(source) + from;
    const x0 = v128.load(address);
    const x1 = v128.load(address, 16);
    const l0 = low(x0);
    const h0 = high(x0);
    const l1 = low(x1);
    const h1 = high(x1);
    let lows = v128.load(table);
    let highs = v128.load(table, 16);
    a0 = v128.xor(a0, v128.xor(lookup(lows, l0), lookup(highs, h0)));
    a1 = v128.xor(a1, v128.xor(lookup(lows, l1), lookup(highs, h1)));
    lows = v128.load(second);
    highs = v128.load(second, 16);
    b0 = v128.xor(b0, v128.xor(lookup(lows, l0), lookup(highs, h0)));
    b1 = v128.xor(b1, v128.xor(lookup(lows, l1), lookup(highs, h1)));
    table += tableSize;
    second += tableSize;
  }
  v128.store(t0, a0);
  v128.store(t0, a1, 16);
  v128.store(t1, b0);
  v128.store(t1, b1, 16);
}

// @ts-ignore: decorator
@inline
function oneRow(sources: usize, end: usize, from: usize, table: usize, target: usize): void {
  let sum = i64x2.splat(0);
  for (let source = sources; source < end; source += 4) {
    const x = v128.load(<usize>load<u32>(source) + from);
    const product = v128.xor(
      lookup(v128.load(table), low(x)),
      lookup(v128.load(table, 16), high(x)),
    );
    sum = v128.xor(sum, product);
    table += tableSize;
  }
  v128.store(target, sum);
}

// @ts-ignore: decorator
@inline
function oneByte(sources: usize, end: usize, from: usize, table: usize, target: usize): void {
  let sum: u8 = 0;
  for (let source = sources; source < end; source += 4) {
    const x = load<u8>(<usize>load<u32>(source) + from);
    sum ^= load<u8>(table + <usize>(x & 15)) ^ load<u8>(table + vector + <usize>(x >> 4));
    table += tableSize;
  }
  store<u8>(target, sum);
}
