import { statfs } from "node:fs/promises";
import { diskError } from "./errors.js";

/** Tells how many more bytes of pieces may come. */
export type AvailableSpace = () => Promise<number>;

export interface SpaceOptions {
  readonly dir: string;
  /** Bytes that all pieces together may take; Infinity for what the disk holds. */
  readonly capacityBytes: number;
  /** Bytes of the disk that are left alone. */
  readonly reserveBytes: number;
  readonly usedBytes: () => number;
  readonly now: () => number;
}

/** How long a look at the disk is good for (ms): many uploads start in that time, and none is large. */
const freshMs = 5000;

export function createAvailableSpace(options: SpaceOptions): AvailableSpace {
  let looked = Number.NEGATIVE_INFINITY;
  let free: Promise<number> | undefined;

  async function look(): Promise<number> {
    const { bavail, bsize } = await statfs(options.dir).catch((cause) => {
      throw diskError(cause);
    });
    return bavail * bsize - options.reserveBytes;
  }

  return async () => {
    if (free === undefined || options.now() - looked > freshMs) {
      looked = options.now();
      free = look();
      free.catch(() => {
        free = undefined;
      });
    }
    return Math.floor(Math.max(0, Math.min(await free, options.capacityBytes - options.usedBytes())));
  };
}
