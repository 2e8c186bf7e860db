import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { randomFile } from "../helpers/files.js";
import { mustRun } from "../helpers/run-program.js";
import type { ClientRound } from "./round.js";

/** rclone copies a tree up, checks it by hash, copies it down, checks again, and purges. */
export async function rcloneRound(t: ExecutionContext, { ready, dir, sizes }: ClientRound): Promise<void> {
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
  const rclone = (...args: string[]) =>
    mustRun("rclone", ["--config", config, ...args], { cwd: dir, env: { AWS_CA_BUNDLE: "" } });

  await mkdir(join(dir, "tree", "deep", "er"), { recursive: true });
  for (const [i, size] of sizes.entries())
    await randomFile(join(dir, "tree", i % 2 ? "deep/er" : "", `f ${size}`), size);

  await rclone("mkdir", "postern:rclone-round");
  await rclone("copy", "tree", "postern:rclone-round/t");
  await rclone("check", "tree", "postern:rclone-round/t");
  await rclone("sync", "tree", "postern:rclone-round/t");
  await rclone("copy", "postern:rclone-round/t", "back");
  await rclone("check", "tree", "back");
  const { stdout } = await rclone("size", "--json", "postern:rclone-round");
  t.like(JSON.parse(stdout), { count: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) });
  await rclone("purge", "postern:rclone-round");
  t.false((await rclone("lsd", "postern:")).stdout.includes("rclone-round"));
}
