import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { type ErrorCode, isPosternError } from "../errors.js";

/**
 * Tells of refusals, which are errors of these codes, only at a multiple of `stepMs` after the question. Reading a row takes some
 * microseconds more than finding none; from many such times a stranger could learn whether a key was ever there.
 */
export async function refusedEvenly<T>(
  stepMs: number,
  work: () => Promise<T>,
  codes: readonly ErrorCode[] = ["not-found", "permission-denied"],
): Promise<T> {
  const began = performance.now();
  try {
    return await work();
  } catch (error) {
    if (isPosternError(error, ...codes)) {
      await until(began + stepMs * Math.ceil((performance.now() - began) / stepMs));
    }
    throw error;
  }
}

/** Timers count whole milliseconds from when they were set, so the last one is waited for in turns of the event loop. */
async function until(at: number): Promise<void> {
  const most = at - performance.now();
  if (most > 2) await delay(Math.floor(most) - 1);
  while (performance.now() < at) await turn();
}
