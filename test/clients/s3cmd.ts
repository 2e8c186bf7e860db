import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { randomFile, sha256OfFile } from "../helpers/files.js";
import { mustRun } from "../helpers/run-program.js";
import type { ClientRound } from "./round.js";

/** s3cmd makes a bucket, puts (multipart above 15 MB), lists, gets, deletes. */
export async function s3cmdRound(t: ExecutionContext, { ready, dir, sizes }: ClientRound): Promise<void> {
  const config = join(dir, "s3cfg");
  const host = new URL(ready.s3).host;
  const settings = [
    "[default]",
    `access_key = ${ready.accessKeyId}`,
    `secret_key = ${ready.secretKey}`,
    `host_base = ${host}`,
    `host_bucket = ${host}`,
    "use_https = False",
  ];
  await writeFile(config, `${settings.join("\n")}\n`);
  const s3cmd = (...args: string[]) => mustRun("s3cmd", ["-c", config, "--no-progress", ...args], { cwd: dir });

  await s3cmd("mb", "s3://s3cmd-round");
  for (const size of sizes) {
    const sha256 = await randomFile(join(dir, "up"), size);
    await s3cmd("put", "up", `s3://s3cmd-round/a b/${size}`);
    await s3cmd("get", "--force", `s3://s3cmd-round/a b/${size}`, "down");
    t.is(await sha256OfFile(join(dir, "down")), sha256, `${size} bytes`);
  }
  const { stdout } = await s3cmd("ls", "--recursive", "s3://s3cmd-round");
  t.is(stdout.trim().split("\n").length, sizes.length);
  await s3cmd("del", "--recursive", "--force", "s3://s3cmd-round");
  await s3cmd("rb", "s3://s3cmd-round");
}
