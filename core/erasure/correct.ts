import { equalBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";
import { prepareCombination } from "./combination.js";
import { combineShares } from "./combine.js";
import { multiply } from "./field.js";
import { combinationRows } from "./interpolate.js";
import { locateErrors } from "./locate-errors.js";
import { preferData, type Share, shareNumbers } from "./share.js";

/** What correction may cost: searches for wrong bytes, each at one position. */
export interface CorrectionBudget {
  searches: number;
}

/** Many more than there are shares; only when nearly all shares are wrong somewhere is a search needed at each position. */
export const defaultSearches = 1_000;

/**
 * Data blocks from checked shares, with up to (shares.length - required) / 2 wrong bytes at each position put right.
 * Shares that were found wrong once are not computed from again, so that a corrupt share costs one search and not one at
 * each position.
 * @param budget is used up; `corrupt-data` when it is
 * @returns the `required` blocks, and the numbers of shares that were wrong
 */
export function correctShares(
  shares: readonly Share[],
  required: number,
  budget: CorrectionBudget = { searches: defaultSearches },
): { blocks: Uint8Array[]; corrupt: readonly number[] } {
  const most = Math.floor((shares.length - required) / 2);
  const size = shares[0]!.data.length;
  const blocks = shareNumbers(0, required).map(() => new Uint8Array(size));
  const corrupt = new Set<Share>();
  const avoided = new Set<Share>();

  /** Corrects from `start` on until there is a better base to compute from; returns where that is. */
  function correctFrom(start: number): number {
    const trusted = shares.filter((share) => !avoided.has(share));
    const base = preferData(trusted.length >= required ? trusted : shares, required);
    const codewords = codewordsFrom(base, shares, required, start);
    const differences = countDifferences(codewords.shares, shares, start);
    let done = start;
    /** Takes the codewords of positions up to `end`: at each of them few enough bytes differ. */
    const take = (end: number): void => {
      const [from, to] = [done - start, end - start];
      for (const [i, block] of blocks.entries()) block.set(codewords.blocks[i]!.subarray(from, to), done);
      for (const [i, share] of shares.entries()) {
        if (!equalBytes(share.data.subarray(done, end), codewords.shares[i]!.subarray(from, to))) corrupt.add(share);
      }
      done = end;
    };

    for (let at = start; at < size; at++) {
      if (differences[at - start]! <= most) continue;
      take(at);
      const wrong = wrongAt(shares, required, at, budget);
      for (const share of wrong) avoided.add(share);
      if (shares.length - avoided.size >= required) return at;
      // Hardly a share was right all along: this position is corrected by itself.
      interpolateAt(shares.filter((share) => !wrong.has(share)).slice(0, required), blocks, at);
      for (const share of wrong) corrupt.add(share);
      done = at + 1;
    }
    take(size);
    return size;
  }

  for (let done = 0; done < size; ) done = correctFrom(done);
  return { blocks, corrupt: [...corrupt].map((share) => share.number).sort((a, b) => a - b) };
}

/** What the data blocks and all the shares are from position `start` on, if the `base` is right. */
function codewordsFrom(base: readonly Share[], shares: readonly Share[], required: number, start: number) {
  const combination = prepareCombination(
    base.map((share) => share.number),
    [...shareNumbers(0, required), ...shares.map((share) => share.number)],
  );
  const all = combineShares(
    combination,
    base.map((share) => share.data.subarray(start)),
  );
  return { blocks: all.slice(0, required), shares: all.slice(required) };
}

function countDifferences(expected: readonly Uint8Array[], shares: readonly Share[], start: number): Uint8Array {
  const counts = new Uint8Array(expected[0]!.length);
  for (const [i, share] of shares.entries()) {
    const wanted = expected[i]!;
    const given = share.data.subarray(start);
    if (equalBytes(wanted, given)) continue;
    for (let at = 0; at < counts.length; at++) if (wanted[at] !== given[at]) counts[at]!++;
  }
  return counts;
}

function wrongAt(shares: readonly Share[], required: number, at: number, budget: CorrectionBudget): Set<Share> {
  if (shares.length < required + 2) {
    throw new PosternError("not-enough-shares", "a share is corrupt, more shares are needed to tell which");
  }
  if (budget.searches-- <= 0) throw new PosternError("corrupt-data", "shares are wrong at too many positions");
  const numbers = shares.map((share) => share.number);
  const bytes = Uint8Array.from(shares, (share) => share.data[at]!);
  const wrong = locateErrors(numbers, bytes, required);
  if (wrong === undefined) throw new PosternError("corrupt-data", "too many corrupt shares to correct");
  return new Set(wrong.map((i) => shares[i]!));
}

function interpolateAt(right: readonly Share[], blocks: readonly Uint8Array[], at: number): void {
  const rows = combinationRows(
    right.map((share) => share.number),
    blocks.map((_, i) => i),
  );
  for (const [i, row] of rows.entries()) {
    let value = 0;
    for (const [j, share] of right.entries()) value ^= multiply(row[j]!, share.data[at]!);
    blocks[i]![at] = value;
  }
}
