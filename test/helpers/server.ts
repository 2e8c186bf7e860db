import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ReadyFile } from "../../bin/ready-file.js";
import { orKilled } from "./or-killed.js";
import { repositoryRoot } from "./root.js";
import { type TempDir, tempDir } from "./temp-dir.js";

/** `postern serve` as its own process, the way a user runs it. */
export interface ServerProcess {
  readonly ready: ReadyFile;
  readonly dataDir: string;
  /** SIGINT, as Ctrl-C; resolves with the exit code and how long it took, in ms. */
  stop(): Promise<{ code: number | null; ms: number }>;
  /** SIGKILL for the gateway and the embedded network: no goodbye. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  /** Data folder; the caller removes it. */
  readonly dataDir: string;
  readonly args?: readonly string[];
  /** Hears all that it writes; stderr is the test's own when absent. */
  readonly onOutput?: (stream: "stdout" | "stderr", chunk: Buffer) => void;
}

const entry = join(repositoryRoot, "dist", "bin", "postern.js");

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const args = ["serve", "--ephemeral", "--data-dir", options.dataDir, ...(options.args ?? [])];
  const child = spawn(process.execPath, [entry, ...args], {
    stdio: ["ignore", "pipe", options.onOutput === undefined ? "inherit" : "pipe"],
  });
  child.stdout!.on("data", (chunk: Buffer) => options.onOutput?.("stdout", chunk));
  child.stderr?.on("data", (chunk: Buffer) => options.onOutput?.("stderr", chunk));
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  if (!(await orKilled(child, "its start", saysReady(child)))) {
    const [code] = await exited;
    throw new Error(`postern ${args.join(" ")} exited with ${code} before it was ready`);
  }
  const ready = JSON.parse(await readFile(join(options.dataDir, "ready.json"), "utf8")) as ReadyFile;
  return {
    ready,
    dataDir: options.dataDir,
    async stop() {
      const began = performance.now();
      child.kill("SIGINT");
      const [code] = await orKilled(child, "its stop", exited);
      return { code, ms: performance.now() - began };
    },
    async kill() {
      if (ready.pids.network !== undefined) process.kill(ready.pids.network, "SIGKILL");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A server in a folder of its own; `close` stops it and removes the folder. */
export async function startTempServer(
  args: readonly string[] = [],
): Promise<ServerProcess & { close(): Promise<void> }> {
  const dir: TempDir = await tempDir();
  try {
    const server = await startServer({ dataDir: dir.path, args });
    return {
      ...server,
      async close() {
        await server.stop();
        await dir.remove();
      },
    };
  } catch (error) {
    await dir.remove();
    throw error;
  }
}

async function saysReady(child: ChildProcess): Promise<boolean> {
  // The lines after it are read too, so that the server never waits for a full pipe.
  return new Promise((resolve) => {
    const lines = createInterface({ input: child.stdout! });
    lines.on("line", (line) => {
      if (line === "Postern is ready.") resolve(true);
    });
    lines.on("close", () => resolve(false));
  });
}
