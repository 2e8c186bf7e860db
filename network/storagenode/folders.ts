import { readdir, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { diskError } from "./errors.js";

/** Bytes of all files in a folder and those in it, but for some paths. */
export async function bytesBelow(dir: string, signal?: AbortSignal, except?: ReadonlySet<string>): Promise<number> {
  let bytes = 0;
  for await (const path of filesBelow(dir)) {
    signal?.throwIfAborted();
    const size = await sizeOf(path);
    // Asked after the look: a file that was written in between counts itself.
    if (except?.has(path) !== true) bytes += size ?? 0;
  }
  return bytes;
}

/** Paths of all files in a folder and those in it. None when it is not there. */
export async function* filesBelow(dir: string): AsyncGenerator<string, void, undefined> {
  for (const name of await namesIn(dir)) {
    const path = join(dir, name);
    if (name.includes(".")) yield path;
    else yield* filesBelow(path);
  }
}

/** Names in a folder, sorted; none when it is not there. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw diskError(cause);
  }
}

/** Removes a folder of folders that are empty by now; those that are not stay. */
export async function removeEmpty(dir: string): Promise<void> {
  for (const name of await namesIn(dir)) await rmdir(join(dir, name)).catch(() => undefined);
  await rmdir(dir).catch(() => undefined);
}

/** Undefined for what is not there. */
export async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw diskError(cause);
  }
}

/** Bytes of a file; undefined when it is not there. */
export async function sizeOf(path: string): Promise<number | undefined> {
  return (await statOf(path))?.size;
}

/** Renames a file. False when it is not there. */
export function moved(from: string, to: string): Promise<boolean> {
  return found(rename(from, to));
}

/** False when what was to be changed is not there. */
export async function found(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw diskError(cause);
  }
}
