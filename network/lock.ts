import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import knex from "knex";
import { PosternError } from "../core/errors.js";

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes a folder for this process alone: an exclusive transaction on a database of no content, whose lock the
 * operating system drops when the process ends in whatever way. The file "lock" beside it tells who has it, and is no
 * more than that: after a crash another process may have the same number.
 *
 * Throws `already-exists` when another has it ("another WHAT (process N) is using it"), `unavailable` when the folder
 * can not be written.
 */
export async function lockFolder(dir: string, what: string): Promise<FolderLock> {
  const ownerFile = join(dir, "lock");
  const db = knex({
    client: "sqlite3",
    connection: { filename: join(dir, "lock.db") },
    useNullAsDefault: true,
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
    pool: { min: 1, max: 1 },
  });
  try {
    await db.raw("PRAGMA busy_timeout = 0");
    await db.raw("BEGIN EXCLUSIVE");
    await writeFile(ownerFile, String(process.pid), { mode: 0o600 });
  } catch (cause) {
    await db.destroy();
    if ((cause as { code?: unknown }).code !== "SQLITE_BUSY") {
      throw new PosternError("unavailable", "it can not be written", { cause });
    }
    throw new PosternError("already-exists", `another ${what}${await ownerOf(ownerFile)} is using it`, { cause });
  }
  return {
    async release() {
      // Before the lock is dropped: the file is its next owner's then.
      await rm(ownerFile, { force: true });
      await db.destroy();
    },
  };
}

async function ownerOf(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return /^[0-9]+$/.test(text) ? ` (process ${text})` : "";
}
