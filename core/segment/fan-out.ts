import { PosternError } from "../errors.js";
import type { PieceSource } from "../piece/upload.js";
import type { EncodedUnit } from "./codec.js";

interface Reader {
  /** Number of the unit it will take next. */
  position: number;
  /** Set while it waits for that unit. */
  wake: (() => void) | undefined;
  fail: ((error: unknown) => void) | undefined;
}

/**
 * Hands the units of a segment to its pieces: every piece takes them at its own pace, and the producer waits when the
 * slowest is `windowUnits` behind. Whoever decides that a piece is too slow drops it.
 */
export interface FanOut {
  /** Adds a unit. Undefined when there is room for the next, else a promise of it. */
  push(unit: EncodedUnit): Promise<void> | undefined;
  /** Adds the last unit, with the hashes of the whole pieces. Never waits. */
  end(unit: EncodedUnit, pieceHashes: readonly Uint8Array[]): void;
  /** The bytes of a piece from its start; only while `atStart`, or for pieces that read from the beginning. */
  open(piece: number): PieceSource;
  /** Forgets a piece; what waits for it goes on, and its source rejects. */
  drop(piece: number): void;
  /** No unit has been let go yet, so pieces can still be opened. */
  readonly atStart: boolean;
  /** While set, units are kept even when all pieces have taken them. */
  hold: boolean;
  /** Open pieces that have taken everything there is. */
  waiting(): number;
  /** Open pieces that hold back the oldest unit; none when that is not why the producer waits. */
  laggards(): number[];
  /** Rejects all sources and the waiting producer. */
  close(error: unknown): void;
}

export function createFanOut(windowUnits: number): FanOut {
  const units: EncodedUnit[] = [];
  const readers = new Map<number, Reader>();
  let released = 0;
  let hashes: readonly Uint8Array[] | undefined;
  let room: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  let closed: unknown;
  let hold = false;

  const head = () => released + units.length;

  /** Lets go of units that every open piece has taken: of all, when there is no open piece. */
  function release(): void {
    if (!hold && units.length > 0) {
      let oldest = head();
      for (const reader of readers.values()) oldest = Math.min(oldest, reader.position);
      if (oldest > released) {
        units.splice(0, oldest - released);
        released = oldest;
      }
    }
    if (room !== undefined && units.length < windowUnits) {
      const { resolve } = room;
      room = undefined;
      resolve();
    }
  }

  function add(unit: EncodedUnit): void {
    if (closed !== undefined) throw closed;
    units.push(unit);
    for (const reader of readers.values()) {
      const { wake } = reader;
      reader.wake = undefined;
      reader.fail = undefined;
      wake?.();
    }
  }

  return {
    push(unit) {
      add(unit);
      if (readers.size === 0) release();
      if (units.length < windowUnits) return undefined;
      return new Promise<void>((resolve, reject) => {
        room = { resolve, reject };
      });
    },

    end(unit, pieceHashes) {
      hashes = pieceHashes;
      add(unit);
    },

    open(piece) {
      const reader: Reader = { position: 0, wake: undefined, fail: undefined };
      readers.set(piece, reader);
      return {
        async next() {
          while (reader.position >= head()) {
            if (closed !== undefined) throw closed;
            if (readers.get(piece) !== reader) throw dropped();
            await new Promise<void>((resolve, reject) => {
              reader.wake = resolve;
              reader.fail = reject;
            });
          }
          if (closed !== undefined) throw closed;
          if (readers.get(piece) !== reader) throw dropped();
          const unit = units[reader.position - released];
          if (unit === undefined) throw new PosternError("internal", "piece opened too late");
          reader.position++;
          const last = hashes !== undefined && reader.position === head();
          const data = unit.runs[piece] as Uint8Array;
          release();
          return last ? { data, digest: hashes?.[piece] as Uint8Array } : { data };
        },
      };
    },

    drop(piece) {
      const reader = readers.get(piece);
      if (reader === undefined) return;
      readers.delete(piece);
      reader.fail?.(dropped());
      release();
    },

    get atStart() {
      return released === 0;
    },
    get hold() {
      return hold;
    },
    set hold(value) {
      hold = value;
      release();
    },

    waiting() {
      let count = 0;
      for (const reader of readers.values()) if (reader.position >= head()) count++;
      return count;
    },

    laggards() {
      if (room === undefined || hold) return [];
      return [...readers].filter(([, reader]) => reader.position === released).map(([piece]) => piece);
    },

    close(error) {
      closed ??= error;
      units.length = 0;
      for (const reader of readers.values()) reader.fail?.(closed);
      readers.clear();
      room?.reject(closed);
      room = undefined;
    },
  };
}

function dropped(): PosternError {
  return new PosternError("canceled", "piece was given up");
}
