import { setFlagsFromString } from "node:v8";

/**
 * Lets the heap of this process grow to four times what was alive before it is collected as a whole. V8 adds the bytes of
 * buffers to the heap's growth (Heap::OldGenerationSizeOfObjects and AllocatedExternalMemorySinceMarkCompact in its
 * heap.cc): a small heap through which much data passes is marked over and over, which took 40 % of all processor time.
 * For programs to call at their start; a library has no business with it.
 */
export function collectLessOften(): void {
  setFlagsFromString("--heap-growing-percent=300");
}
