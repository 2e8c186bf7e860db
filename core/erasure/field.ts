/**
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d) and the generator 2; addition is XOR
 * (storj.io/infectious tables.go).
 */

const order = 255;

/** Powers of the generator, twice over so that a sum of two logarithms needs no reduction. */
const powers = new Uint8Array(2 * order);
const logarithms = new Uint8Array(256);

for (let i = 0, x = 1; i < order; i++) {
  powers[i] = x;
  powers[i + order] = x;
  logarithms[x] = i;
  x <<= 1;
  if (x > 0xff) x ^= 0x11d;
}

/** 2 to the power of a whole `exponent` of at least 0. */
export function powerOfTwo(exponent: number): number {
  return powers[exponent % order]!;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powers[logarithms[a]! + logarithms[b]!]!;
}

/** a / b; b must not be 0. */
export function divide(a: number, b: number): number {
  return a === 0 ? 0 : powers[logarithms[a]! + order - logarithms[b]!]!;
}
