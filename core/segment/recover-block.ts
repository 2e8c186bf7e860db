import { equalBytes } from "../bytes/bytes.js";
import { decryptBlocks } from "../crypto/blocks.js";
import { prepareCombination } from "../erasure/combination.js";
import { combineShares } from "../erasure/combine.js";
import { type CorrectionBudget, correctShares, defaultSearches } from "../erasure/correct.js";
import { shareNumbers } from "../erasure/share.js";
import { isPosternError, PosternError } from "../errors.js";
import type { LayoutSizes } from "./layout.js";
import { type Assemble, type Span, selectRuns, sliceSpans } from "./share-window.js";

/** Choices that one call tries before it gives up, about a second: all there are for three wrong pieces out of 32. */
const maxAttempts = 6_000;

const nothing: ReadonlySet<number> = new Set();

export interface RecoveredBlock {
  readonly plain: Uint8Array;
  /** Pieces that were wrong. */
  readonly corrupt: readonly number[];
}

export interface Recovery {
  /**
   * Finds shares with which a block authenticates that did not with the preferred ones.
   * @param spans consecutive stripes that hold the block
   * @throws `corrupt-data` when no choice of the given shares does, `decryption-failed` when they leave no choice because
   * more shares than needed agree: then the key is wrong, or the data was when it was stored
   */
  recover(spans: readonly Span[], block: number, distrusted: ReadonlySet<number>): RecoveredBlock;
}

/** Recovery within one call, which bounds how much is tried. */
export function createRecovery(sizes: LayoutSizes, assemble: Assemble): Recovery {
  const { encryptedBlock, plainBlock, stripe, shareSize, required, cipher } = sizes;
  let attempts = maxAttempts;
  const budget: CorrectionBudget = { searches: defaultSearches };

  function recover(spans: readonly Span[], block: number, distrusted: ReadonlySet<number>): RecoveredBlock {
    const start = block * encryptedBlock;
    const end = start + encryptedBlock;
    const firstStripe = Math.floor(start / stripe);
    const parts = sliceSpans(spans, firstStripe, Math.ceil(end / stripe), shareSize);
    const offset = start - firstStripe * stripe;
    const plain = new Uint8Array(plainBlock);

    const opens = (chosen: readonly Span[]): boolean => {
      const encrypted = assemble(chosen).subarray(offset, offset + encryptedBlock);
      try {
        decryptBlocks(encrypted, plain, cipher, block);
        return true;
      } catch (error) {
        if (isPosternError(error, "decryption-failed")) return false;
        throw error;
      }
    };

    const corrections = parts.map((part) => correctSpan(part, required, budget));
    if (corrections.every((correction) => correction !== undefined)) {
      const corrupt = [...new Set(corrections.flatMap((correction) => correction.corrupt))];
      if (corrupt.length === 0 && corrections.every((correction) => correction.proven)) {
        throw new PosternError("decryption-failed", `block ${block} does not authenticate though its shares agree`);
      }
      if (corrupt.length > 0 && opens(corrections.map((correction) => correction.span))) return { plain, corrupt };
    }

    const tried = new Set<string>();
    for (const { left, removed } of alternatives(parts, required)) {
      if (attempts-- <= 0) break;
      for (const avoided of distrusted.size > 0 ? [distrusted, nothing] : [nothing]) {
        const chosen = left.map((part) => selectRuns(part, avoided, required));
        const key = chosen.map((part) => part.runs.map((run) => run.pieceNumber).join()).join("/");
        if (tried.has(key)) continue;
        tried.add(key);
        if (!opens(chosen)) continue;
        const bytes = assemble(chosen).slice();
        return { plain, corrupt: [...new Set([...removed, ...differing(parts, bytes, start, end)])] };
      }
    }
    throw new PosternError("corrupt-data", `block ${block} does not authenticate, shares are corrupt`);
  }

  /** Pieces whose shares differ from what follows from bytes `start` to `end`, which are right. */
  function differing(parts: readonly Span[], bytes: Uint8Array, start: number, end: number): Set<number> {
    const found = new Set<number>();
    const first = parts[0]!.firstStripe;
    for (const part of parts) {
      const numbers = part.runs.map((run) => run.pieceNumber);
      const encoding = prepareCombination(shareNumbers(0, required), numbers);
      for (let i = 0; i < part.stripes; i++) {
        const from = (part.firstStripe + i) * stripe;
        const blocks = shareNumbers(0, required).map((number) => {
          const at = from - first * stripe + number * shareSize;
          return bytes.subarray(at, at + shareSize);
        });
        const whole = from >= start && from + stripe <= end;
        const expected = combineShares(encoding, blocks);
        for (const [j, run] of part.runs.entries()) {
          const given = run.data.subarray(i * shareSize, (i + 1) * shareSize);
          // In a stripe that the block cuts, only data shares can be held against what is known to be right.
          const low = whole ? 0 : run.pieceNumber < required ? start - from - run.pieceNumber * shareSize : shareSize;
          const high = whole ? shareSize : end - from - run.pieceNumber * shareSize;
          const known = [Math.min(shareSize, Math.max(0, low)), Math.min(shareSize, Math.max(0, high))] as const;
          if (known[0] >= known[1]) continue;
          if (!equalBytes(given.subarray(...known), expected[j]!.subarray(...known))) found.add(run.pieceNumber);
        }
      }
    }
    return found;
  }

  return { recover };
}

interface CorrectedSpan {
  readonly span: Span;
  readonly corrupt: readonly number[];
  /** Whether there were more shares than needed, so that the others would have shown a wrong one. */
  readonly proven: boolean;
}

/** Lets the redundancy of the shares correct them; undefined when it is not enough for that. */
export function correctSpan(span: Span, required: number, budget?: CorrectionBudget): CorrectedSpan | undefined {
  if (span.runs.length <= required) return { span, corrupt: [], proven: false };
  try {
    const shares = span.runs.map(({ pieceNumber, data }) => ({ number: pieceNumber, data }));
    const { blocks, corrupt } = correctShares(shares, required, budget);
    const runs = blocks.map((data, pieceNumber) => ({ pieceNumber, data }));
    return { span: { ...span, runs }, corrupt, proven: true };
  } catch (error) {
    if (isPosternError(error, "corrupt-data", "not-enough-shares")) return undefined;
    throw error;
  }
}

/**
 * Ways to leave out runs, fewest first: a piece may be wrong in one part and right in another. Since less comes first,
 * what is left out when a block authenticates was wrong.
 */
function* alternatives(parts: readonly Span[], required: number): Generator<{ left: Span[]; removed: number[] }> {
  const candidates = parts.flatMap((part, index) =>
    part.runs.length > required ? part.runs.map((run) => ({ index, run })) : [],
  );
  const spare = parts.reduce((sum, part) => sum + part.runs.length - required, 0);
  for (let size = 0; size <= spare; size++) {
    for (const subset of subsets(candidates, size)) {
      const removed = new Set(subset.map(({ run }) => run));
      const left = parts.map((part) => ({ ...part, runs: part.runs.filter((run) => !removed.has(run)) }));
      if (left.every((part) => part.runs.length >= required)) {
        yield { left, removed: subset.map(({ run }) => run.pieceNumber) };
      }
    }
  }
}

function* subsets<T>(items: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - size; i++) {
    for (const rest of subsets(items, size - 1, i + 1)) yield [items[i]!, ...rest];
  }
}
