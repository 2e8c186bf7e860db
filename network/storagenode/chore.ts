/** Work that is done now and then, never twice at a time. */
export interface Chore {
  /** A round of its own, after the one that runs. Rejects as the work does. */
  now(): Promise<void>;
  /** Calls the running round off, and waits for it. */
  stop(): Promise<void>;
}

export interface ChoreOptions {
  /** One round. True: there is more to do at once, after others had their turn. */
  readonly work: (signal: AbortSignal) => Promise<boolean | undefined>;
  /** Milliseconds from the end of a round to the next. */
  readonly intervalMs: number;
  /** Hears of rounds that failed by themselves; the next comes in its time. */
  readonly onProblem: (error: unknown) => void;
}

/** The first round comes at once. */
export function startChore({ work, intervalMs, onProblem }: ChoreOptions): Chore {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function round(): Promise<boolean | undefined> {
    const result = last.then(async () => {
      clearTimeout(timer);
      return stopped.signal.aborted ? false : work(stopped.signal);
    });
    last = result.catch(() => undefined);
    const again = (more: boolean | undefined) => {
      clearTimeout(timer);
      if (!stopped.signal.aborted) timer = setTimeout(tick, more === true ? 0 : intervalMs).unref();
    };
    result.then(again, () => again(false));
    return result;
  }

  function tick(): void {
    round().catch((error) => {
      if (!stopped.signal.aborted) onProblem(error);
    });
  }

  tick();
  return {
    async now() {
      while (await round());
    },
    async stop() {
      stopped.abort();
      clearTimeout(timer);
      await last;
    },
  };
}
