import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "./env.js";
import type { StartedProcess } from "./kept-running.js";

const entry = fileURLToPath(new URL("./postern.js", import.meta.url));

/** Runs a command line of `postern` with these variables, and none of Postern's own of this process. */
export function startPostern(args: readonly string[], env: Readonly<Record<string, string>>): StartedProcess {
  // In a group of its own: Ctrl-C in a terminal is told to this process, which stops its children in order.
  const child = spawn(process.execPath, [entry, ...args], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    detached: true,
    env: childEnvironment(env),
  });
  const ready = new Promise<void>((resolve) => {
    // The lines after it are read too, so that it never waits for a full pipe.
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.endsWith("is ready.")) resolve();
    });
  });
  return { child, ready, tellToEnd: () => void child.kill("SIGTERM") };
}
