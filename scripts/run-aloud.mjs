// Plain JavaScript without dependencies, since it runs before there are any.
import { spawn } from "node:child_process";

/**
 * Runs a program whose output is for the reader of stderr. Some are silent for minutes (npm while it compiles): then
 * `say` tells now and then that something happens. Rejects with a line that tells what failed.
 */
export async function runAloud(command, args, { cwd, env, say, everyMs = 15_000 }) {
  const text = [command, ...args].join(" ");
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1_000);
  const timer = setInterval(() => say(`still at "${text}", since ${seconds()} s`), everyMs);
  try {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", 2, 2] });
    const status = await new Promise((resolve, reject) => {
      child.on("error", (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
      child.on("close", (code, signal) => resolve(code ?? signal));
    });
    if (status !== 0) throw new Error(`"${text}" failed; what it said is above`);
  } finally {
    clearInterval(timer);
  }
}
