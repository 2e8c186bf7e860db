import { concatBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";
import { encodingCombination, prepareCombination } from "./combination.js";
import { combineShares } from "./combine.js";
import { correctShares } from "./correct.js";
import { checkShareCounts, checkShares, preferData, type Share, shareNumbers } from "./share.js";

export type { Share } from "./share.js";

/**
 * The code of storj.io/infectious: data is `required` blocks of equal size, shares 0..required-1 are these blocks, and
 * any `required` shares give them back. Every byte position of the shares is coded by itself, so a share may as well be
 * a run of the shares of many stripes.
 */
export interface ErasureCode {
  readonly required: number;
  readonly total: number;
  /** The `total` shares of data whose length is a multiple of `required`. */
  encode(data: Uint8Array): Uint8Array[];
  /** Data from any `required` of the shares; wrong ones go unnoticed. `not-enough-shares` when there are fewer. */
  rebuild(shares: readonly Share[]): Uint8Array;
  /**
   * Data from all the shares. One more than `required` shows that a byte is wrong (`not-enough-shares`, to tell which),
   * two more for each wrong share put it right; `corrupt-data` when more are wrong than that.
   * @returns the data and the numbers of the wrong shares
   */
  decode(shares: readonly Share[]): { data: Uint8Array; corrupt: readonly number[] };
}

/** `invalid-argument` unless 1 <= required <= total <= 256. */
export function createErasureCode(required: number, total: number): ErasureCode {
  checkShareCounts(required, total);
  const dataNumbers = shareNumbers(0, required);

  return {
    required,
    total,

    encode(data) {
      const size = data.length / required;
      if (!Number.isInteger(size)) {
        throw new PosternError("invalid-argument", `data of ${data.length} bytes is not ${required} equal blocks`);
      }
      return combineShares(
        encodingCombination(required, total),
        dataNumbers.map((i) => data.subarray(i * size, (i + 1) * size)),
      );
    },

    rebuild(shares) {
      checkShares(shares, required, total);
      const chosen = preferData(shares, required);
      const numbers = chosen.map((share) => share.number);
      const contents = chosen.map((share) => share.data);
      return concatBytes(...combineShares(prepareCombination(numbers, dataNumbers), contents));
    },

    decode(shares) {
      checkShares(shares, required, total);
      const { blocks, corrupt } = correctShares(shares, required);
      return { data: concatBytes(...blocks), corrupt };
    },
  };
}
