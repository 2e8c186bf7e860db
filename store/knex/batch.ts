import { PosternError } from "../../core/errors.js";

export interface BatchOptions {
  /** Calls that share one run at most. */
  readonly size: number;
  /** Runs at once at most. */
  readonly parallel: number;
  /** Calls that may wait for a run; 10 000 when absent. */
  readonly maxWaiting?: number;
  /** How long a call waits for a run to begin, in ms; 5 000 when absent. */
  readonly waitMs?: number;
}

/**
 * Calls of one turn of the event loop share a run; those that come while many runs are under way wait, and share the next.
 * A round trip to the database costs more than what it does for one row, so many callers at a time are served faster
 * together. `run` gives one result for each input, or rejects for all. Calls that would wait for too long, or behind too
 * many, fail with `unavailable`: their callers have gone, or would be gone by then.
 */
export function batched<I, O>(
  run: (inputs: readonly I[]) => Promise<readonly PromiseSettledResult<O>[]>,
  { size, parallel, maxWaiting = 10_000, waitMs = 5_000 }: BatchOptions,
): (input: I) => Promise<O> {
  interface Call {
    readonly input: I;
    readonly since: number;
    readonly resolve: (output: O) => void;
    readonly reject: (error: unknown) => void;
  }
  const waiting: Call[] = [];
  let running = 0;
  let isAboutToStart = false;
  let patience: NodeJS.Timeout | undefined;

  /** Oldest first, so one timer is enough. */
  const watch = (): void => {
    const oldest = waiting[0];
    if (oldest === undefined || patience !== undefined) return;
    patience = setTimeout(
      () => {
        patience = undefined;
        const tooOld = performance.now() - waitMs;
        const late = waiting.findIndex(({ since }) => since > tooOld);
        for (const { reject } of waiting.splice(0, late === -1 ? waiting.length : late)) reject(busy());
        watch();
      },
      Math.max(0, oldest.since + waitMs - performance.now()),
    );
  };

  const rest = (): void => {
    clearTimeout(patience);
    patience = undefined;
  };

  const settle = async (calls: readonly Call[]): Promise<void> => {
    try {
      const results = await run(calls.map(({ input }) => input));
      for (const [i, { resolve, reject }] of calls.entries()) {
        const result = results[i]!;
        if (result.status === "fulfilled") resolve(result.value);
        else reject(result.reason);
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  };
  const start = async (): Promise<void> => {
    isAboutToStart = false;
    running++;
    while (waiting.length > 0) {
      const calls = waiting.splice(0, size);
      if (waiting.length === 0) rest();
      else next();
      await settle(calls);
    }
    running--;
  };
  /** For those that wait: a run soon, or a limit to their patience. */
  const next = (): void => {
    if (running >= parallel) watch();
    else if (!isAboutToStart) {
      isAboutToStart = true;
      setImmediate(start);
    }
  };

  return (input) =>
    new Promise<O>((resolve, reject) => {
      if (waiting.length >= maxWaiting) return reject(busy());
      waiting.push({ input, since: performance.now(), resolve, reject });
      next();
    });
}

function busy(): PosternError {
  return new PosternError("unavailable", "the credentials database does not answer in time");
}
