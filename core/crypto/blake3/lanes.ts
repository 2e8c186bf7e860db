import { instantiateWasm, type WasmMemory } from "../../bytes/wasm.js";
import { PosternError } from "../../errors.js";

/** Bytes of a chunk, and of the 16 chunks that are hashed in one go. */
export const chunkSize = 1_024;
export const groupSize = 16 * chunkSize;

const blockSize = 64;
export const valueSize = 32;

/** Flags of a compression (the BLAKE3 paper, table 3). */
const chunkStart = 1;
const chunkEnd = 2;
const parentFlag = 4;
const rootFlag = 8;

/** The compressions that a tree is made of. Chaining values are views that are void after the next call. */
export interface Blake3Lanes {
  /** 16 whole chunks, of which the first has this index; a multiple of 16. */
  group(bytes: Uint8Array, chunkIndex: number): Uint8Array;
  /** All but the last of up to 16 chunks, each by itself, one value after the other; then the last. */
  chunks(bytes: Uint8Array, chunkIndex: number, root: boolean): { whole: Uint8Array; last: Uint8Array };
  parent(left: Uint8Array, right: Uint8Array, root: boolean): Uint8Array;
}

interface KernelExports {
  readonly memory: WasmMemory;
  hashLanes(
    input: number,
    stride: number,
    blocks: number,
    lastLength: number,
    flags: number,
    first: number,
    last: number,
    counterLow: number,
    counterHigh: number,
    counterStep: number,
    out: number,
  ): void;
  hashGroup(input: number, counterLow: number, counterHigh: number, out: number): void;
}

// Memory of the kernel; it uses 2 048 to 3 072 itself. Each place has room for the four lanes of a last, partial round.
const pairAt = 1_024;
const resultAt = 1_280;
const wholeAt = 3_072;
const inputAt = 4_096;
const memorySize = inputAt + groupSize + 4 * chunkSize;

let shared: Blake3Lanes | undefined;

/** The kernel of this thread; its calls are synchronous and leave nothing behind. */
export function threadLanes(): Blake3Lanes {
  shared ??= createLanes();
  return shared;
}

function createLanes(): Blake3Lanes {
  const kernel = instantiateWasm<KernelExports>(new URL("./kernel.wasm", import.meta.url));
  if (kernel === undefined) throw new PosternError("internal", "BLAKE3 needs WebAssembly SIMD");
  kernel.memory.grow(Math.ceil(memorySize / 65_536));
  const memory = new Uint8Array(kernel.memory.buffer);
  const result = memory.subarray(resultAt, resultAt + valueSize);
  const low = (index: number): number => index % 2 ** 32;
  const high = (index: number): number => Math.floor(index / 2 ** 32);

  return {
    group(bytes, chunkIndex) {
      memory.set(bytes, inputAt);
      kernel.hashGroup(inputAt, low(chunkIndex), high(chunkIndex), resultAt);
      return result;
    },

    chunks(bytes, chunkIndex, root) {
      memory.set(bytes, inputAt);
      const whole = Math.max(0, Math.ceil(bytes.length / chunkSize) - 1);
      for (let i = 0; i < whole; i += 4) {
        const [from, to, index] = [inputAt + i * chunkSize, wholeAt + i * valueSize, chunkIndex + i];
        kernel.hashLanes(from, chunkSize, 16, 64, 0, chunkStart, chunkEnd, low(index), high(index), 1, to);
      }
      const rest = bytes.length - whole * chunkSize;
      const blocks = Math.max(1, Math.ceil(rest / blockSize));
      memory.fill(0, inputAt + bytes.length, inputAt + bytes.length + blockSize);
      const [from, length, index] = [inputAt + whole * chunkSize, rest - (blocks - 1) * blockSize, chunkIndex + whole];
      const last = chunkEnd | (root ? rootFlag : 0);
      kernel.hashLanes(from, 0, blocks, length, 0, chunkStart, last, low(index), high(index), 0, resultAt);
      return { whole: memory.subarray(wholeAt, wholeAt + whole * valueSize), last: result };
    },

    parent(left, right, root) {
      memory.set(left, pairAt);
      memory.set(right, pairAt + valueSize);
      kernel.hashLanes(pairAt, 0, 1, blockSize, parentFlag | (root ? rootFlag : 0), 0, 0, 0, 0, 0, resultAt);
      return result;
    },
  };
}
