import { instantiateWasm, type WasmMemory } from "../bytes/wasm.js";
import { PosternError } from "../errors.js";
import type { Combination } from "./combination.js";
import { maxShares } from "./share.js";

/** Where shares lie in the scratch memory. Offsets are those of the first stripe; strides lead to the next one. */
export interface ShareLayout {
  /** One for each of the combination's `from`. */
  readonly sources: readonly number[];
  readonly sourceStride: number;
  /** One for each of the combination's `to`; no target overlaps a source. */
  readonly targets: readonly number[];
  readonly targetStride: number;
  readonly shareSize: number;
  readonly stripes: number;
}

export interface Kernel {
  /** Scratch memory of at least `size` bytes. What earlier calls returned is void afterwards. */
  reserve(size: number): Uint8Array;
  /** Fills the targets of a layout that lies in the scratch memory. */
  combine(combination: Combination, layout: ShareLayout): void;
}

interface KernelExports {
  readonly memory: WasmMemory;
  copyShares(
    source: number,
    sourceStride: number,
    target: number,
    targetStride: number,
    size: number,
    count: number,
  ): void;
  combineShares(
    sources: number,
    count: number,
    sourceStride: number,
    targets: number,
    rows: number,
    targetStride: number,
    tables: number,
    size: number,
    stripes: number,
  ): void;
}

const pageSize = 65_536;
// The kernel has no data of its own; the first bytes stay free all the same, so that no address is 0.
const sourceList = 1_024;
const targetList = sourceList + 4 * maxShares;
const tablesStart = targetList + 4 * maxShares;
// k coefficients for each of at most n - k computed shares: most when k is half of 256.
const scratchStart = tablesStart + (maxShares / 2) ** 2 * 32;

let shared: Kernel | undefined;

/** Relaxed SIMD, which is faster, is there from Node.js 22 on. */
export type KernelName = "kernel-relaxed.wasm" | "kernel.wasm";

/** The kernel of this thread. Its calls are synchronous, so one scratch memory serves all users in turn. */
export function threadKernel(): Kernel {
  shared ??= loadKernel("kernel-relaxed.wasm") ?? loadKernel("kernel.wasm");
  if (shared === undefined) throw new PosternError("internal", "the erasure kernel needs WebAssembly SIMD");
  return shared;
}

/** A kernel of its own; undefined when this Node.js lacks the instructions. */
export function loadKernel(name: KernelName): Kernel | undefined {
  const exports = instantiateWasm<KernelExports>(new URL(name, import.meta.url));
  return exports === undefined ? undefined : createKernel(exports);
}

function createKernel(exports: KernelExports): Kernel {
  const { memory } = exports;
  let tablesOf: Combination | undefined;

  return {
    reserve(size) {
      const missing = scratchStart + size - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / pageSize));
      return new Uint8Array(memory.buffer, scratchStart, size);
    },

    combine(combination, { sources, sourceStride, targets, targetStride, shareSize, stripes }) {
      for (const { target, source } of combination.copies) {
        const from = scratchStart + sources[source]!;
        exports.copyShares(from, sourceStride, scratchStart + targets[target]!, targetStride, shareSize, stripes);
      }
      const rows = combination.computed.length;
      if (rows === 0) return;
      if (tablesOf !== combination) {
        new Uint8Array(memory.buffer, tablesStart, combination.tables.length).set(combination.tables);
        tablesOf = combination;
      }
      const list = new Uint32Array(memory.buffer, 0, tablesStart / 4);
      for (const [i, source] of sources.entries()) list[sourceList / 4 + i] = scratchStart + source;
      for (const [i, target] of combination.computed.entries()) {
        list[targetList / 4 + i] = scratchStart + targets[target]!;
      }
      exports.combineShares(
        sourceList,
        sources.length,
        sourceStride,
        targetList,
        rows,
        targetStride,
        tablesStart,
        shareSize,
        stripes,
      );
    },
  };
}
