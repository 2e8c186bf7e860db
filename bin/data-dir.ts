import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PosternError } from "../core/index.js";

/** The folder of one running server. Files in it that hold secrets can be read by their owner alone. */
export interface DataDir {
  readonly path: string;
  file(name: string): string;
  /** The parsed file, or undefined when there is none. Throws `corrupt-data` for what is no JSON. */
  readJson(name: string): Promise<unknown>;
  /** Replaces the file as a whole, so that a reader or a crash never sees half of it. */
  writeJson(name: string, value: unknown): Promise<void>;
  remove(name: string): Promise<void>;
  /** Lets another server use the folder. */
  release(): Promise<void>;
}

/** Makes the folder if it is missing and takes it for this process. Throws with one clear line. */
export async function openDataDir(path: string): Promise<DataDir> {
  const lockFile = join(path, "lock");
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await takeLock(lockFile);
  } catch (error) {
    throw folderError(path, error);
  }
  const file = (name: string) => join(path, name);

  return {
    path,
    file,
    async readJson(name) {
      let text: string;
      try {
        text = await readFile(file(name), "utf8");
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        throw folderError(path, error);
      }
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new PosternError("corrupt-data", `${file(name)} is damaged: it is not valid JSON`, { cause: error });
      }
    },
    async writeJson(name, value) {
      const temporary = file(`${name}.${randomBytes(4).toString("hex")}.tmp`);
      const handle = await open(temporary, "wx", 0o600);
      await writeAndSync(handle, `${JSON.stringify(value, null, 2)}\n`);
      await rename(temporary, file(name));
    },
    remove: (name) => rm(file(name), { force: true }),
    release: () => rm(lockFile, { force: true }),
  };
}

async function writeAndSync(handle: FileHandle, text: string): Promise<void> {
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The lock names its process, so that one left by a crash can be told from one in use. */
async function takeLock(path: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(path, "wx", 0o600);
      await writeAndSync(handle, String(process.pid));
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const owner = Number(await readFile(path, "utf8"));
    if (isRunning(owner)) {
      throw new PosternError("already-exists", `another server (process ${owner}) is using it`);
    }
    await unlink(path);
  }
  throw new PosternError("already-exists", "another server has just started in it");
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function folderError(path: string, error: unknown): PosternError {
  const texts: Record<string, string> = {
    EACCES: "it can not be written",
    EROFS: "it can not be written",
    ENOTDIR: "a part of the path is not a folder",
    EEXIST: "it is not a folder",
    ENOSPC: "the disk is full",
  };
  const reason =
    texts[codeOf(error) ?? ""] ?? (error instanceof PosternError ? error.message : (codeOf(error) ?? "it failed"));
  return new PosternError("unavailable", `can not use the data folder ${path}: ${reason}`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
