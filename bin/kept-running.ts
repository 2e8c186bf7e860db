import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PosternError } from "../core/errors.js";
import { childEnvironment } from "./env.js";

export interface KeptRunningOptions {
  /** For messages: "the gateway of region 2". */
  readonly name: string;
  /** Command line of `postern`. */
  readonly args: readonly string[];
  /** Variables besides those of this process, of which none of Postern's own is handed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Hears why the process ended; it is started again. */
  readonly onEnd: (text: string) => void;
  /** Hears when it runs again. */
  readonly onReady: () => void;
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

const entry = fileURLToPath(new URL("./postern.js", import.meta.url));
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Who lived that long did not end for something that will be so at the next start too. */
const longLifeMs = 10_000;
const stopMs = 4_000;

/** Resolves when the process says that it is ready for the first time; rejects when it ends before. */
export async function keepRunning(options: KeptRunningOptions): Promise<KeptRunning> {
  let child: ChildProcess | undefined;
  const stopping = new AbortController();

  const start = async (): Promise<Running> => {
    // In a group of its own: Ctrl-C in a terminal is told to this process, which stops its children in order.
    const started = spawn(process.execPath, [entry, ...options.args], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      detached: true,
      env: childEnvironment(options.env),
    });
    child = started;
    const ended = once(started, "exit").then(([code, signal]) => {
      child = undefined;
      return String(signal ?? code);
    });
    await Promise.race([
      saysReady(started),
      ended.then((how) => {
        throw new PosternError("unavailable", `${options.name} ended before it was ready (${how})`);
      }),
    ]);
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
        options.onReady();
      } catch (error) {
        running = undefined;
        options.onEnd(error instanceof Error ? error.message : String(error));
      }
    }
  };

  const watching = watch(await start());
  return {
    get pid() {
      return child?.pid;
    },
    async stop() {
      stopping.abort();
      const last = child;
      if (last === undefined) return;
      const ended = once(last, "exit");
      last.kill("SIGTERM");
      const kill = setTimeout(() => last.kill("SIGKILL"), stopMs);
      await ended;
      clearTimeout(kill);
      await watching;
    },
  };
}

/** Resolves at its line that it is ready; the lines after it are read too, so that it never waits for a full pipe. */
function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.endsWith("is ready.")) resolve();
    });
  });
}
