import { encodingCombination } from "../erasure/combination.js";
import { threadKernel } from "../erasure/kernel.js";
import { shareNumbers } from "../erasure/share.js";
import type { LayoutSizes } from "./layout.js";

export type SpreadSizes = Pick<LayoutSizes, "stripe" | "shareSize" | "required" | "total" | "encryptedBlock">;

/** Collects encrypted bytes and spreads whole stripes of them over the pieces: begin, (room, wrote)*, end; and again. */
export interface Spreader {
  /** @param bytes that will be written before `end` */
  begin(bytes: number): void;
  /** Where the next bytes go: room for a cipher block at least, and for the padding of the last stripe. */
  room(): Uint8Array;
  wrote(bytes: number): void;
  /** The next bytes of each piece, views of one buffer of their own. What does not fill a stripe waits. */
  end(): Uint8Array[];
}

/** Shares of one step through the kernel: they should stay in the processor's cache until they are copied out. */
const stepBytes = 1 << 20;

const none = new Uint8Array(0);

export function createSpreader({ stripe, shareSize, required, total, encryptedBlock }: SpreadSizes): Spreader {
  const encoding = encodingCombination(required, total);
  const kernel = threadKernel();
  const stepStripes = Math.max(1, Math.floor(stepBytes / (total * shareSize)));
  // The step, and beyond it what does not fill a stripe and either a cipher block or the last padding.
  const inputSize = (stepStripes + 2) * stripe + encryptedBlock;
  const layout = {
    sources: shareNumbers(0, required).map((i) => i * shareSize),
    sourceStride: stripe,
    targetStride: shareSize,
    shareSize,
  };
  /** Encrypted bytes of a stripe that is not complete, between units. */
  let rest: Uint8Array = none;
  let scratch: Uint8Array = none;
  let filled = 0;
  let out: Uint8Array = none;
  let runLength = 0;
  let done = 0;

  function flush(): void {
    const stripes = Math.floor(filled / stripe);
    const length = stripes * shareSize;
    if (length === 0) return;
    const targets = shareNumbers(0, total).map((i) => inputSize + i * length);
    kernel.combine(encoding, { ...layout, targets, stripes });
    if (length === runLength) {
      out.set(scratch.subarray(inputSize, inputSize + total * length));
    } else {
      for (const [i, target] of targets.entries()) {
        out.set(scratch.subarray(target, target + length), i * runLength + done);
      }
    }
    done += length;
    scratch.copyWithin(0, stripes * stripe, filled);
    filled -= stripes * stripe;
  }

  return {
    begin(bytes) {
      runLength = Math.floor((rest.length + bytes) / stripe) * shareSize;
      out = new Uint8Array(Buffer.allocUnsafeSlow(total * runLength).buffer);
      done = 0;
      scratch = kernel.reserve(inputSize + total * (stepStripes + 2 + Math.ceil(encryptedBlock / stripe)) * shareSize);
      scratch.set(rest);
      filled = rest.length;
    },
    room: () => scratch.subarray(filled, inputSize),
    wrote(bytes) {
      filled += bytes;
      if (filled >= stepStripes * stripe) flush();
    },
    end() {
      flush();
      rest = scratch.slice(0, filled);
      return shareNumbers(0, total).map((i) => out.subarray(i * runLength, (i + 1) * runLength));
    },
  };
}
