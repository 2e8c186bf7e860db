import { PosternError } from "../../../core/index.js";

export interface Queue {
  /** Runs the work when it is its turn; an abort before that takes it out of the queue. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** Lets `concurrency` pieces of work run at a time and `maxWaiting` wait; more fail with `too-many-requests`. */
export function createQueue(concurrency: number, maxWaiting: number): Queue {
  let running = 0;
  const waiting: (() => void)[] = [];

  function turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(canceled(signal));
    if (running < concurrency) {
      running++;
      return Promise.resolve();
    }
    if (waiting.length >= maxWaiting) {
      return Promise.reject(new PosternError("too-many-requests", "too much waits to be done"));
    }
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener("abort", leave);
        running++;
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(canceled(signal));
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(go);
    });
  }

  return {
    async run(signal, work) {
      await turn(signal);
      try {
        return await work();
      } finally {
        running--;
        waiting.shift()?.();
      }
    },
  };
}

function canceled(signal: AbortSignal): PosternError {
  return new PosternError("canceled", "the work is not wanted any more", { cause: signal.reason });
}
