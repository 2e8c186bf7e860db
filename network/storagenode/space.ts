import { statfs } from "node:fs/promises";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import { diskError } from "./errors.js";
import { pieceFileSize } from "./piece-file.js";

/** Room that is kept for an upload, so that many at a time do not count on the same bytes. */
export interface Reservation {
  /** Gives back what was not used. @param written bytes that the upload left on the disk */
  release(written: number): void;
}

/** Knows how many more bytes of pieces may come. */
export interface Space {
  /** Bytes for pieces that are neither taken nor reserved. */
  available(): Promise<number>;
  /** For a piece of up to so many bytes. Rejects with status 10 when there is less room. */
  reserve(pieceSize: number): Promise<Reservation>;
}

export interface SpaceOptions {
  readonly dir: string;
  /** Bytes that all pieces together may take; Infinity for what the disk holds. */
  readonly capacityBytes: number;
  /** Bytes of the disk that are left alone. */
  readonly reserveBytes: number;
  /** Bytes that pieces take; only asked for when there is a capacity. */
  readonly usedBytes: () => number;
  readonly now: () => number;
}

/** How long a look at the disk is good for (ms). */
const freshMs = 5000;

export function createSpace(options: SpaceOptions): Space {
  let looked = Number.NEGATIVE_INFINITY;
  let free: Promise<number> | undefined;
  /** Bytes for uploads that run. */
  let reserved = 0;
  /** Bytes that uploads wrote since the last look. */
  let written = 0;

  async function look(): Promise<number> {
    const { bavail, bsize } = await statfs(options.dir).catch((cause) => {
      throw diskError(cause);
    });
    return bavail * bsize - options.reserveBytes;
  }

  /** Bytes on the disk, by a look at it that is not old. */
  async function fresh(): Promise<number> {
    if (free === undefined || options.now() - looked > freshMs) {
      looked = options.now();
      written = 0;
      free = look();
      free.catch(() => {
        free = undefined;
      });
    }
    return free;
  }

  /** Nothing may be awaited between this and a reservation. */
  function left(onDisk: number): number {
    const { capacityBytes } = options;
    const ofCapacity = Number.isFinite(capacityBytes) ? capacityBytes - options.usedBytes() : capacityBytes;
    return Math.floor(Math.max(0, Math.min(onDisk - written, ofCapacity) - reserved));
  }

  return {
    available: async () => left(await fresh()),
    async reserve(pieceSize) {
      const bytes = pieceFileSize(pieceSize);
      const onDisk = await fresh();
      const have = Math.max(0, left(onDisk) - (bytes - pieceSize));
      if (have < pieceSize) {
        throw rpcError(RpcStatus.Aborted, `not enough available disk space, have: ${have}, need: ${pieceSize}`);
      }
      reserved += bytes;
      let released = false;
      return {
        release(bytesWritten) {
          if (released) return;
          released = true;
          reserved -= bytes;
          written += bytesWritten;
        },
      };
    },
  };
}
