import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, type ProgramResult } from "../helpers/run-program.js";
import type { ClientRound } from "./round.js";

export interface Rclone {
  (...args: string[]): Promise<ProgramResult>;
  /** With this on its standard input. */
  fed(input: string, ...args: string[]): Promise<ProgramResult>;
}

/** rclone with a remote "postern:" in its configuration, run in the round's folder. */
export async function rcloneOf({ ready, dir }: ClientRound): Promise<Rclone> {
  const config = join(dir, "rclone.conf");
  const settings = [
    "[postern]",
    "type = s3",
    "provider = Other",
    `endpoint = ${ready.s3}`,
    `access_key_id = ${ready.accessKeyId}`,
    `secret_access_key = ${ready.secretKey}`,
  ];
  await writeFile(config, `${settings.join("\n")}\n`);
  const fed = (input: string, ...args: string[]) =>
    mustRun("rclone", ["--config", config, ...args], { cwd: dir, input, env: { AWS_CA_BUNDLE: "" } });
  return Object.assign((...args: string[]) => fed("", ...args), { fed });
}
