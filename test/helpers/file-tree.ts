import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomFile } from "./files.js";

/** Writes files of random bytes below a folder, by path relative to it; returns their hashes like `hashesOf`. */
export async function writeTree(
  root: string,
  sizes: Readonly<Record<string, number>>,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [path, size] of Object.entries(sizes)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    hashes[path] = await randomFile(join(root, path), size);
  }
  return hashes;
}

/** SHA-256 in hex of every file below a folder, by path relative to it. */
export async function hashesOf(root: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes[path.slice(root.length + 1)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return hashes;
}
