import { setTimeout as sleep } from "node:timers/promises";
import { abortError, isPosternError } from "../errors.js";

export interface RetryPolicy {
  /** Milliseconds before the second attempt; each further wait doubles. */
  readonly minDelayMs: number;
  /** No attempt follows a wait that reached this many milliseconds. */
  readonly maxDelayMs: number;
}

/** As storj/uplink private/metaclient/retry.go: about six attempts within six seconds. */
export const defaultRetryPolicy: RetryPolicy = { minDelayMs: 100, maxDelayMs: 3000 };

/** True for failures of the connection. What the peer answered carries a status and is never repeated. */
export function isConnectionFailure(error: unknown): boolean {
  return isPosternError(error, "unavailable") && error.status === undefined;
}

/** Repeats a call whose connection failed, with exponential and jittered waits. Only for calls that may run twice. */
export async function withRetry<T>(
  call: () => Promise<T>,
  signal: AbortSignal | undefined,
  policy: RetryPolicy = defaultRetryPolicy,
): Promise<T> {
  let delay = policy.minDelayMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isConnectionFailure(error) || delay > policy.maxDelayMs) throw error;
    }
    if (signal?.aborted) throw abortError(signal);
    try {
      // Half to all of the delay, so that clients cut off together do not come back together.
      await sleep(delay * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted ? abortError(signal) : error;
    }
    delay *= 2;
  }
}
