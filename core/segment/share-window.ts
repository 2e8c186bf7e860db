import { type Combination, prepareCombination } from "../erasure/combination.js";
import { threadKernel } from "../erasure/kernel.js";
import { preferData, shareNumbers } from "../erasure/share.js";
import type { ShareRun } from "./codec.js";
import type { LayoutSizes } from "./layout.js";

/** Shares of consecutive stripes; all runs have the same length. */
export interface Span {
  readonly firstStripe: number;
  readonly stripes: number;
  readonly runs: readonly ShareRun[];
}

/** The stripes of spans from `start` to before `end`, as spans of views. */
export function sliceSpans(spans: readonly Span[], start: number, end: number, shareSize: number): Span[] {
  const slices: Span[] = [];
  for (const span of spans) {
    const first = Math.max(start, span.firstStripe);
    const last = Math.min(end, span.firstStripe + span.stripes);
    if (first >= last) continue;
    const from = (first - span.firstStripe) * shareSize;
    const to = (last - span.firstStripe) * shareSize;
    const runs = span.runs.map(({ pieceNumber, data }) => ({ pieceNumber, data: data.subarray(from, to) }));
    slices.push({ firstStripe: first, stripes: last - first, runs });
  }
  return slices;
}

/**
 * The span with only the runs that are to be decoded from: without `avoided` pieces if that leaves enough, and data shares
 * rather than others.
 */
export function selectRuns(span: Span, avoided: ReadonlySet<number>, required: number): Span {
  const all = span.runs.map(({ pieceNumber, data }) => ({ number: pieceNumber, data }));
  const trusted = avoided.size === 0 ? all : all.filter((run) => !avoided.has(run.number));
  const chosen = preferData(trusted.length >= required ? trusted : all, required);
  return { ...span, runs: chosen.map(({ number, data }) => ({ pieceNumber: number, data })) };
}

/**
 * Puts the encrypted bytes of consecutive stripes together from spans with `required` runs each. The result is valid until
 * the kernel is used again.
 */
export type Assemble = (spans: readonly Span[]) => Uint8Array;

/** Prepared combinations to keep; there is one for each set of nodes that answered. */
const keptCombinations = 32;

export function createAssemble({ required, shareSize, stripe }: LayoutSizes): Assemble {
  const kernel = threadKernel();
  const dataNumbers = shareNumbers(0, required);
  const kept = new Map<string, Combination>();

  function combinationFrom(numbers: readonly number[]): Combination {
    const key = numbers.join();
    let combination = kept.get(key);
    if (combination === undefined) {
      combination = prepareCombination(numbers, dataNumbers);
      if (kept.size >= keptCombinations) kept.delete(kept.keys().next().value as string);
      kept.set(key, combination);
    }
    return combination;
  }

  return (spans) => {
    const stripes = spans.reduce((sum, span) => sum + span.stripes, 0);
    const longest = Math.max(...spans.map((span) => span.stripes));
    const runsStart = stripes * stripe;
    const scratch = kernel.reserve(runsStart + required * longest * shareSize);
    let target = 0;
    for (const { runs, stripes } of spans) {
      const sources = runs.map((_, i) => runsStart + i * stripes * shareSize);
      for (const [i, run] of runs.entries()) scratch.set(run.data, sources[i]);
      kernel.combine(combinationFrom(runs.map((run) => run.pieceNumber)), {
        sources,
        sourceStride: shareSize,
        targets: dataNumbers.map((i) => target + i * shareSize),
        targetStride: stripe,
        shareSize,
        stripes,
      });
      target += stripes * stripe;
    }
    return scratch.subarray(0, runsStart);
  };
}
