export interface BatchOptions {
  /** Calls that share one run at most. */
  readonly size: number;
  /** Runs at once at most. */
  readonly parallel: number;
}

/**
 * Calls of one turn of the event loop share a run; those that come while many runs are under way wait, and share the next.
 * A round trip to the database costs more than what it does for one row, so many callers at a time are served faster
 * together. `run` gives one result for each input, or rejects for all.
 */
export function batched<I, O>(
  run: (inputs: readonly I[]) => Promise<readonly PromiseSettledResult<O>[]>,
  { size, parallel }: BatchOptions,
): (input: I) => Promise<O> {
  interface Call {
    readonly input: I;
    readonly resolve: (output: O) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Call[] = [];
  let running = 0;
  let isAboutToStart = false;

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
      const calls = waiting.slice(0, size);
      waiting = waiting.slice(size);
      await settle(calls);
    }
    running--;
  };

  return (input) =>
    new Promise<O>((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (running >= parallel || isAboutToStart) return;
      isAboutToStart = true;
      setImmediate(start);
    });
}
