import type { ChildProcess } from "node:child_process";

/** Far more than any command of ours takes to start or stop, on whatever machine. */
const limitMs = 120_000;

/**
 * Gives what a child process is waited for; kills it and throws when that takes too long. A test whose end waits for a
 * process for ever tells nobody its result.
 */
export async function orKilled<T>(child: ChildProcess, what: string, awaited: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${child.spawnargs.join(" ")}: ${what} took more than ${limitMs / 1_000} s`));
    }, limitMs);
  });
  try {
    return await Promise.race([awaited, late]);
  } finally {
    clearTimeout(timer);
  }
}
