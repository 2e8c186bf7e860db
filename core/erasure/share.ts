import { PosternError } from "../errors.js";

/** The most shares that a code of bytes can tell apart. */
export const maxShares = 256;

/** One of the `total` shares that the data becomes. */
export interface Share {
  readonly number: number;
  readonly data: Uint8Array;
}

/** `invalid-argument` unless 1 <= required <= total <= 256. */
export function checkShareCounts(required: number, total: number): void {
  const whole = Number.isInteger(required) && Number.isInteger(total);
  if (!whole || required < 1 || required > total || total > maxShares) {
    throw new PosternError("invalid-argument", `erasure code needs 1 <= k <= n <= 256, not k=${required} n=${total}`);
  }
}

/**
 * Checks what is to be decoded: `not-enough-shares` for fewer than `required`, `invalid-argument` for numbers that are
 * unknown or twice there, and for different lengths.
 */
export function checkShares(shares: readonly Share[], required: number, total: number): void {
  const seen = new Set<number>();
  for (const { number, data } of shares) {
    if (!Number.isInteger(number) || number < 0 || number >= total || seen.has(number)) {
      throw new PosternError("invalid-argument", `share number ${number} is unknown or given twice`);
    }
    if (data.length !== shares[0]!.data.length) {
      throw new PosternError("invalid-argument", "shares of different lengths");
    }
    seen.add(number);
  }
  if (shares.length < required) {
    throw new PosternError("not-enough-shares", `${shares.length} shares, ${required} are needed`);
  }
}

/**
 * The `required` shares that cost the least to decode, in order: those that are data, then the highest numbers (the
 * choice of storj.io/infectious fec.go Rebuild).
 */
export function preferData<T extends { readonly number: number }>(shares: readonly T[], required: number): T[] {
  const ordered = [...shares].sort((a, b) => a.number - b.number);
  const data = ordered.filter((share) => share.number < required);
  return data.length < required ? [...data, ...ordered.slice(data.length - required)] : data;
}

/** Share numbers from `start` to before `end`. */
export function shareNumbers(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
