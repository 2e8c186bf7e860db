import { setTimeout as delay } from "node:timers/promises";
import { repeatable, storeError } from "./errors.js";

/** How long a database that restarts, or is busy with conflicts, is waited for, in ms. */
const patienceMs = 3_000;
const longestPauseMs = 200;

/**
 * Runs a statement, and again while the database says that it may succeed later; in any case once more, where only the
 * connection was at fault. Rejects with PosternErrors. Whoever writes must bear that a statement is run twice: a
 * connection may break after the database has done it. Without `waitMs` it is run once.
 */
export async function repeated<T>(work: () => PromiseLike<T>, waitMs = patienceMs): Promise<T> {
  const until = performance.now() + waitMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const why = repeatable(error);
      // An idle connection that broke, or hung, is known now, and another may be there at once.
      const isFirstLoss = why === "lost" && attempt === 1 && waitMs > 0;
      const pause = isFirstLoss ? 0 : Math.random() * Math.min(longestPauseMs, 10 * 2 ** attempt);
      const isPatient = isFirstLoss || performance.now() + pause <= until;
      if (why === undefined || !isPatient) throw storeError(error);
      await delay(pause);
    }
  }
}
