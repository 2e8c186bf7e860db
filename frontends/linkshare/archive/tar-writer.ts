import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { PosternError } from "../../../core/index.js";
import { type ArchiveEntry, type ArchiveOptions, safeEntryName } from "./archive-entry.js";

/** A compressed tar of entries, in the format of POSIX.1-2001; any number of them in constant memory. Else as streamZip. */
export async function* streamTarGz(
  entries: AsyncIterable<ArchiveEntry>,
  { signal }: ArchiveOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const gzip = createGzip();
  const done = pipeline(tarBytes(entries), gzip, { signal }).catch((error: unknown) => {
    throw signal?.aborted
      ? new PosternError("canceled", "the archive was not wanted any more", { cause: error })
      : error;
  });
  // It is awaited below, where the reader has not left.
  done.catch(() => undefined);
  try {
    for await (const chunk of gzip) yield chunk as Uint8Array;
  } catch (error) {
    await done;
    throw error;
  } finally {
    gzip.destroy();
    await done.catch(() => undefined);
  }
}

async function* tarBytes(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Uint8Array, void, undefined> {
  const tar = pack();
  const feeding = feed(tar, entries);
  feeding.catch((error: unknown) => tar.destroy(error as Error));
  try {
    for await (const chunk of tar) yield chunk as Uint8Array;
    await feeding;
  } finally {
    tar.destroy();
    await feeding.catch(() => undefined);
  }
}

async function feed(tar: Pack, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  for await (const entry of entries) {
    if (tar.destroyed) return;
    await addEntry(tar, entry);
  }
  tar.finalize();
}

async function addEntry(tar: Pack, { name: given, size, modified, open }: ArchiveEntry): Promise<void> {
  const name = safeEntryName(given);
  const mtime = Number.isNaN(modified.getTime()) ? new Date(0) : modified;
  if (name.endsWith("/") && size === 0) {
    tar.entry({ name, mtime, mode: 0o700, type: "directory" });
    return;
  }
  const done = deferred();
  const sink = tar.entry({ name: name.replace(/\/$/, "_"), size, mtime, mode: 0o600 }, (error) => done.settle(error));
  // The callback has it.
  sink.on("error", () => undefined);
  let seen = 0;
  if (size > 0) {
    for await (const chunk of open()) {
      seen += chunk.length;
      if (seen > size || sink.destroyed) break;
      if (!sink.write(chunk)) await Promise.race([drained(sink), done.promise]);
    }
  }
  if (seen !== size) {
    const error = new PosternError("corrupt-data", `an entry of ${size} bytes has another size`);
    sink.destroy(error);
    throw error;
  }
  sink.end(undefined);
  await done.promise;
}

function drained(sink: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      sink.off("drain", settle);
      sink.off("close", settle);
      resolve();
    };
    sink.on("drain", settle);
    sink.on("close", settle);
  });
}

function deferred(): { promise: Promise<void>; settle(error?: Error | null): void } {
  let settle: (error?: Error | null) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve());
  });
  promise.catch(() => undefined);
  return { promise, settle };
}
