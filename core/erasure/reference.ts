import { multiply } from "./field.js";
import { combinationRows } from "./interpolate.js";

/**
 * Computes shares from others byte by byte: what the kernel does, in the plainest words. Tests compare the two.
 * @param shares contents of shares `from`, of one length
 * @returns contents of shares `to`
 */
export function combineReference(
  from: readonly number[],
  to: readonly number[],
  shares: readonly Uint8Array[],
): Uint8Array[] {
  return combinationRows(from, to).map((row) => {
    const out = new Uint8Array(shares[0]!.length);
    for (const [i, coefficient] of row.entries()) {
      const share = shares[i]!;
      for (let at = 0; at < out.length; at++) out[at]! ^= multiply(coefficient, share[at]!);
    }
    return out;
  });
}
