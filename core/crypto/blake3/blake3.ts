import { groupSize, threadLanes, valueSize } from "./lanes.js";

export interface Blake3Hasher {
  update(data: Uint8Array): void;
  /** 32 bytes; once only, and nothing can be added afterwards. */
  digest(): Uint8Array;
}

const groupChunks = 16;

/** Levels of the tree over groups for 2^64 bytes, the most there may be. */
const maxLevels = 50;

/**
 * BLAKE3 without a key, 32 bytes long. Four chunks are hashed at once by a WebAssembly SIMD kernel, which is faster than
 * OpenSSL's SHA-256 with processor support, and three times hash-wasm.
 */
export function createBlake3(): Blake3Hasher {
  const lanes = threadLanes();
  /** Chaining values of finished subtrees, left to right; each is over more groups than those after it. */
  const stack = new Uint8Array(maxLevels * valueSize);
  let levels = 0;
  let groups = 0;
  /** Bytes of a group; a full one waits too, for the last chunk of all is hashed in another way. */
  let waiting: Uint8Array | undefined;
  let filled = 0;

  const top = (): Uint8Array => stack.subarray((levels - 1) * valueSize, levels * valueSize);

  /** Adds a subtree of the smallest size, which is the `count`th; as many are joined as `count` ends in binary zeros. */
  function push(value: Uint8Array, count: number): void {
    let joined = value;
    for (let left = count; left % 2 === 0; left /= 2) {
      joined = lanes.parent(top(), joined, false);
      levels--;
    }
    stack.set(joined, levels * valueSize);
    levels++;
  }

  function addGroup(bytes: Uint8Array): void {
    const value = lanes.group(bytes, groups * groupChunks);
    groups++;
    push(value, groups);
  }

  return {
    update(data) {
      let at = 0;
      if (filled > 0) {
        at = Math.min(groupSize - filled, data.length);
        waiting!.set(data.subarray(0, at), filled);
        filled += at;
        if (at === data.length) return;
        addGroup(waiting!);
        filled = 0;
      }
      for (; data.length - at > groupSize; at += groupSize) addGroup(data.subarray(at, at + groupSize));
      if (at === data.length) return;
      waiting ??= new Uint8Array(groupSize);
      waiting.set(data.subarray(at));
      filled = data.length - at;
    },

    digest() {
      const rest = waiting?.subarray(0, filled) ?? new Uint8Array(0);
      const alone = groups === 0 && filled <= 1_024;
      const { whole, last } = lanes.chunks(rest, groups * groupChunks, alone);
      let value = last.slice();
      const values = whole.slice();
      for (let i = 0; i < values.length / valueSize; i++) {
        push(values.subarray(i * valueSize, (i + 1) * valueSize), groups * groupChunks + i + 1);
      }
      while (levels > 0) {
        const left = top();
        levels--;
        value = lanes.parent(left, value, levels === 0).slice();
      }
      return value;
    },
  };
}
