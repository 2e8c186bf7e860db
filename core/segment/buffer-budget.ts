import { abortError, PosternError } from "../errors.js";

/** Bytes that a transfer may buffer. Once, and later calls of `release` do nothing. */
export interface Reservation {
  readonly bytes: number;
  release(): void;
}

/**
 * Bytes that many transfers share. A transfer reserves all that it will buffer before it buffers any of it, and asks for
 * no more while it holds that: so whoever has a reservation can come to its end, and those that wait get their turn.
 */
export interface BufferBudget {
  readonly total: number;
  readonly used: number;
  /** Transfers that wait. */
  readonly waiting: number;
  /**
   * Waits its turn, first come, first served, until `least` bytes are free; gives up to `most`, the less the fewer are
   * left. Who wants more than all there is gets all there is. Rejects when the signal aborts, and with
   * `resource-exhausted` after the time limit of the budget.
   */
  reserve(least: number, most: number, signal?: AbortSignal): Promise<Reservation>;
}

interface Waiter {
  readonly least: number;
  readonly most: number;
  grant(reservation: Reservation): void;
}

/** What one transfer gets beyond its least, of what is free: so that the first ones leave something to the others. */
const generosity = 1 / 16;

/** @param waitMs until a transfer that waits fails: its turn may depend on a reader who waits for this very transfer */
export function createBufferBudget(total: number, waitMs: number): BufferBudget {
  const waiters: Waiter[] = [];
  let used = 0;

  function take(least: number, most: number): Reservation | undefined {
    const free = total - used;
    const needed = Math.min(least, total);
    if (free < needed) return undefined;
    const bytes = Math.max(needed, Math.min(most, Math.floor(free * generosity)));
    used += bytes;
    let held = true;
    return {
      bytes,
      release() {
        if (!held) return;
        held = false;
        used -= bytes;
        serve();
      },
    };
  }

  function serve(): void {
    for (let first = waiters[0]; first !== undefined; first = waiters[0]) {
      const reservation = take(first.least, first.most);
      if (reservation === undefined) return;
      waiters.shift();
      first.grant(reservation);
    }
  }

  return {
    total,
    get used() {
      return used;
    },
    get waiting() {
      return waiters.length;
    },
    async reserve(least, most, signal) {
      if (signal?.aborted) throw abortError(signal);
      const now = waiters.length === 0 ? take(least, most) : undefined;
      if (now !== undefined) return now;
      return await new Promise<Reservation>((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
        };
        const leave = (error: PosternError) => {
          end();
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(error);
          serve(); // the next one may want less
        };
        const onAbort = () => leave(abortError(signal as AbortSignal));
        const waiter: Waiter = {
          least,
          most,
          grant(reservation) {
            end();
            resolve(reservation);
          },
        };
        const timer = setTimeout(() => {
          leave(new PosternError("resource-exhausted", `no buffer became free in ${waitMs} ms`));
        }, waitMs);
        signal?.addEventListener("abort", onAbort);
        waiters.push(waiter);
      });
    },
  };
}
