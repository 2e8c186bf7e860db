import { AsyncLocalStorage } from "node:async_hooks";

/** Told of an exception that nothing of a frontend's own caught. */
export type StrayHandler = (error: unknown) => void;

const current = new AsyncLocalStorage<StrayHandler>();

/** Runs what a frontend does. What it sets going, such as servers and timers, belongs to it from then on. */
export function runAs<T>(onStray: StrayHandler, run: () => T): T {
  return current.run(onStray, run);
}

/**
 * Gives exceptions and rejections that nobody caught to the frontend that they come from. One that comes from none is a
 * defect of the program, and ends it as Node.js does. Returns what takes this back.
 */
export function catchStrays(): () => void {
  const onException = (error: unknown): void => {
    const handler = current.getStore();
    if (handler !== undefined) {
      handler(error);
      return;
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  };
  process.on("uncaughtException", onException);
  return () => {
    process.off("uncaughtException", onException);
  };
}
