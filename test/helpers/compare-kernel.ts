/** Compares a kernel with the reference; as a program, the one that is named, for kernels that need flags of Node.js. */
import { pathToFileURL } from "node:url";
import { concatBytes, equalBytes } from "../../core/bytes/bytes.js";
import { prepareCombination } from "../../core/erasure/combination.js";
import { combineShares } from "../../core/erasure/combine.js";
import { type Kernel, type KernelName, loadKernel } from "../../core/erasure/kernel.js";
import { combineReference } from "../../core/erasure/reference.js";
import { shareNumbers } from "../../core/erasure/share.js";
import { pattern } from "./vectors.js";

/** Share counts and sizes of every kind; k, n, bytes of a share. */
function schemes(random: () => number): [number, number, number][] {
  const list: [number, number, number][] = [
    [1, 1, 5],
    [1, 256, 3],
    [2, 3, 15],
    [2, 4, 16],
    [3, 4, 17],
    [4, 10, 256],
    [5, 6, 31],
    [5, 7, 32],
    [7, 12, 33],
    [16, 38, 47],
    [29, 80, 256],
    [29, 110, 64],
    [128, 256, 1],
    [250, 256, 65],
  ];
  for (let i = 0; i < 40; i++) {
    const k = 1 + Math.floor(random() * 29);
    list.push([k, k + Math.floor(random() * (111 - k)), 1 + Math.floor(random() * 130)]);
  }
  return list;
}

/** Encodes, and decodes from random shares; the schemes for which the kernel differed from the reference, or "all equal". */
export function compareKernel(kernel: Kernel): string {
  const random = generator(1);
  const wrong = schemes(random).filter(([k, n, size]) => {
    const data = pattern(`kernel/${k}/${n}/${size}`, k * size);
    const numbers = shareNumbers(0, k);
    const blocks = numbers.map((i) => data.subarray(i * size, (i + 1) * size));
    const all = shareNumbers(0, n);
    const shares = combineReference(numbers, all, blocks);
    const chosen = shuffled(all, random).slice(0, k);
    const some = chosen.map((number) => shares[number]!);
    return !(
      same(combineShares(prepareCombination(numbers, all), blocks, kernel), shares) &&
      same(combineShares(prepareCombination(chosen, all), some, kernel), shares) &&
      same(combineReference(chosen, numbers, some), blocks)
    );
  });
  return wrong.length === 0 ? "all equal" : `not equal: ${wrong.map((scheme) => scheme.join("/")).join(" ")}`;
}

function same(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return equalBytes(concatBytes(...a), concatBytes(...b));
}

/** Numbers in [0, 1) that are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const kernel = loadKernel(process.argv[2] as KernelName);
  console.log(kernel === undefined ? "this Node.js can not run it" : compareKernel(kernel));
}
