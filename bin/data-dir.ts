import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PosternError } from "../core/errors.js";
import { type FolderLock, lockFolder } from "../network/lock.js";

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
  let lock: FolderLock;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    lock = await lockFolder(path, "server");
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
    release: () => lock.release(),
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
