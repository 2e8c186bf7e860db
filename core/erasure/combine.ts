import type { Combination } from "./combination.js";
import { type Kernel, threadKernel } from "./kernel.js";

/** Scratch memory of one step. */
const stepBytes = 1 << 20;

/**
 * Contents of the shares `to` of a combination, each an array of its own.
 * @param shares contents of the shares `from`, of one length
 */
export function combineShares(
  combination: Combination,
  shares: readonly Uint8Array[],
  kernel: Kernel = threadKernel(),
): Uint8Array[] {
  const size = shares[0]!.length;
  const { from, to } = combination;
  const out = to.map(() => new Uint8Array(size));
  const step = Math.min(size, Math.ceil(stepBytes / (from.length + to.length)));
  const sources = from.map((_, i) => i * step);
  const targets = to.map((_, i) => (from.length + i) * step);
  for (let start = 0; start < size; start += step) {
    const end = Math.min(size, start + step);
    const scratch = kernel.reserve((from.length + to.length) * step);
    for (const [i, share] of shares.entries()) scratch.set(share.subarray(start, end), sources[i]);
    const layout = { sources, sourceStride: 0, targets, targetStride: 0, shareSize: end - start, stripes: 1 };
    kernel.combine(combination, layout);
    for (const [i, target] of targets.entries()) out[i]!.set(scratch.subarray(target, target + end - start), start);
  }
  return out;
}
