import { join } from "node:path";
import knex from "knex";
import { PosternError } from "../core/errors.js";

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes a folder for this process alone: an exclusive transaction on a database of no content, whose lock the
 * operating system drops when the process ends in whatever way. Throws `unavailable` when another process has it, or
 * the folder can not be written.
 */
export async function lockFolder(dir: string): Promise<FolderLock> {
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
    return { release: () => db.destroy() };
  } catch (cause) {
    await db.destroy();
    const busy = (cause as { code?: unknown }).code === "SQLITE_BUSY";
    const problem = busy ? "is in use by another process" : "can not be written";
    throw new PosternError("unavailable", `the network's folder ${dir} ${problem}`, { cause });
  }
}
