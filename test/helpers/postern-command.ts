import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { orKilled } from "./or-killed.js";
import { repositoryRoot } from "./root.js";

/** The program that users run. */
export const posternEntry: string = join(repositoryRoot, "dist", "bin", "postern.js");

/** A command that listens, until it is stopped. */
export interface RunningCommand {
  /** All that it wrote so far. */
  readonly output: { readonly text: string };
  /** The first address that it told. */
  readonly url: string;
  readonly pid: number;
  /** Resolves with its exit code, or null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGINT, and the wait for its end. */
  stop(): Promise<void>;
}

export interface RunningCommandOptions {
  /** Another program; `posternEntry` when absent. */
  readonly entry?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A process group, which a test may send a signal to as a terminal does; that of this process when absent. */
  readonly ownGroup?: boolean;
}

/** Runs `postern …` until the test ends, if not stopped before; resolves when it has said that it is ready, and where. */
export async function runningCommand(
  t: ExecutionContext,
  args: readonly string[],
  { entry = posternEntry, env = {}, ownGroup = false }: RunningCommandOptions = {},
): Promise<RunningCommand> {
  const child: ChildProcess = spawn(process.execPath, [entry, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: ownGroup,
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const stop = async () => {
    child.kill("SIGINT");
    await orKilled(child, "its stop", exited);
  };
  t.teardown(stop);
  const output = { text: "" };
  child.stderr!.on("data", (chunk: Buffer) => {
    output.text += chunk.toString();
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout!.on("data", (chunk: Buffer) => {
      output.text += chunk.toString();
      if (/is ready[\s\S]*https?:\/\/\S+\n/.test(output.text)) resolve();
    });
    child.once("exit", () => reject(new Error(output.text)));
  });
  await orKilled(child, "its start", ready);
  return {
    ...{ output, stop, pid: child.pid! },
    url: /https?:\/\/\S+/.exec(output.text)![0],
    ended: exited.then(([code]) => code),
  };
}
