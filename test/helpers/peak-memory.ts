import { readFileSync } from "node:fs";

/** Largest resident size that a process of this machine has had, in MiB; undefined where the system does not tell. */
export function peakMemoryMiB(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
}
