import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { PosternError } from "../core/errors.js";

/** A process that was started and is not ready yet. */
export interface StartedProcess {
  readonly child: ChildProcess;
  /** Resolves when it says that it is ready; may reject when it says that it never will be. */
  readonly ready: Promise<void>;
  /** Asks it to end in order. */
  tellToEnd(): void;
}

export interface KeptRunningOptions {
  /** For messages: "the gateway of region 2". */
  readonly name: string;
  readonly start: () => StartedProcess;
  /** Hears why the process ended; it is started again. */
  readonly onEnd: (text: string) => void;
  /** Hears when it runs again. */
  readonly onReady?: () => void;
}

/** A process of Postern that is started again whenever it ends, until it is stopped. */
export interface KeptRunning {
  /** Undefined while there is none. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

interface Running {
  /** Resolves with the exit code or signal. */
  readonly ended: Promise<string>;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Who lived that long did not end for something that will be so at the next start too. */
const longLifeMs = 10_000;
const stopMs = 4_000;

/** Resolves when the process says that it is ready for the first time; rejects when it does not come to that. */
export async function keepRunning(options: KeptRunningOptions): Promise<KeptRunning> {
  let last: StartedProcess | undefined;
  const stopping = new AbortController();

  const start = async (): Promise<Running> => {
    const started = options.start();
    last = started;
    const ended = once(started.child, "exit").then(([code, signal]) => {
      last = undefined;
      return String(signal ?? code);
    });
    try {
      await Promise.race([
        started.ready,
        ended.then((how) => {
          throw new PosternError("unavailable", `${options.name} ended before it was ready (${how})`);
        }),
      ]);
    } catch (error) {
      started.child.kill("SIGKILL");
      await ended;
      throw error;
    }
    return { ended };
  };
  const watch = async (first: Running): Promise<void> => {
    let running: Running | undefined = first;
    let pause = firstPauseMs;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      if (running !== undefined) {
        const how = await running.ended;
        if (stopping.signal.aborted) return;
        options.onEnd(`${options.name} ended (${how}) and is started again`);
      }
      if (performance.now() - startedAt > longLifeMs) pause = firstPauseMs;
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      pause = Math.min(longestPauseMs, pause * 2);
      try {
        running = await start();
        options.onReady?.();
      } catch (error) {
        running = undefined;
        if (stopping.signal.aborted) return;
        options.onEnd(error instanceof Error ? error.message : String(error));
      }
    }
  };

  const watching = watch(await start());
  return {
    get pid() {
      return last?.child.pid;
    },
    async stop() {
      stopping.abort();
      if (last !== undefined) {
        const { child } = last;
        const ended = once(child, "exit");
        last.tellToEnd();
        const kill = setTimeout(() => child.kill("SIGKILL"), stopMs);
        await ended;
        clearTimeout(kill);
      }
      await watching;
    },
  };
}
