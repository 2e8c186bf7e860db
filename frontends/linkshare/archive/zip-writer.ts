import { type PassThrough, Readable } from "node:stream";
import { deflateRawSync } from "node:zlib";
import { type ReadStreamOptions, ZipFile } from "yazl";
import { PosternError } from "../../../core/index.js";
import { type ArchiveEntry, type ArchiveOptions, isCompressed, safeEntryName } from "./archive-entry.js";

export type { ArchiveEntry } from "./archive-entry.js";

export interface ZipOptions extends ArchiveOptions {
  /**
   * Entries after which `TRUNCATED.txt` says that there are more, as in Storj's link sharing: the directory at the end of
   * the file is kept in memory until then. 10000 when absent.
   */
  readonly maxEntries?: number;
}

/** Times that both the old and the new time of an entry can say, in ms. */
const earliest = Date.UTC(1980, 0, 2);
const latest = 0x7fffffff * 1000;

/**
 * A zip file of entries, one open at a time. What the reader does not take, is not read; abort, an error, or the reader's
 * leaving closes the open entry and `entries`.
 */
export async function* streamZip(
  entries: AsyncIterable<ArchiveEntry>,
  { signal, maxEntries = 10_000 }: ZipOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const zip = new ZipFile();
  const output = zip.outputStream as PassThrough;
  const stop = new AbortController();
  // The reader sees the error of the stream itself, which is the same.
  output.on("error", () => undefined);
  zip.on("error", (error: Error) => output.destroy(error));
  const onAbort = () => output.destroy(abortReason(signal!));
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();

  const feeding = feed(zip, entries, maxEntries, stop.signal).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  output.once("close", () => stop.abort());
  try {
    for await (const chunk of output) yield chunk as Uint8Array;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    output.destroy();
    stop.abort();
    await feeding;
  }
}

async function feed(
  zip: ZipFile,
  entries: AsyncIterable<ArchiveEntry>,
  maxEntries: number,
  stop: AbortSignal,
): Promise<void> {
  let count = 0;
  for await (const entry of entries) {
    if (stop.aborted) return;
    if (count++ >= maxEntries) {
      zip.addBuffer(Buffer.from(`Only the first ${maxEntries} files are in this archive.\n`), "TRUNCATED.txt");
      break;
    }
    await addEntry(zip, entry, stop);
  }
  if (!stop.aborted) zip.end();
}

/** Resolves when the entry has been read. */
async function addEntry(zip: ZipFile, entry: ArchiveEntry, stop: AbortSignal): Promise<void> {
  const name = safeEntryName(entry.name);
  const time = Number.isNaN(entry.modified.getTime()) ? earliest : entry.modified.getTime();
  const mtime = new Date(Math.min(Math.max(time, earliest), latest));
  if (name.endsWith("/") && entry.size === 0) return zip.addEmptyDirectory(name, { mtime });
  const bytes = exactly(entry);
  try {
    const first = await bytes.next();
    const begin = first.done === true ? new Uint8Array() : first.value;
    const options = { mtime, size: entry.size, compress: !isCompressed(name) && shrinks(begin) };
    if (!stop.aborted) await pump(zip, name.replace(/\/$/, "_"), options, joined(begin, bytes), stop);
  } finally {
    await bytes.return();
  }
}

function pump(
  zip: ZipFile,
  name: string,
  options: Partial<ReadStreamOptions>,
  bytes: AsyncIterable<Uint8Array>,
  stop: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const source = Readable.from(bytes, { objectMode: false, highWaterMark: 64 * 1024 });
    const onStop = () => source.destroy();
    stop.addEventListener("abort", onStop, { once: true });
    const settle = (error?: unknown) => {
      stop.removeEventListener("abort", onStop);
      if (error === undefined) resolve();
      else reject(error);
    };
    source.once("error", settle);
    // After "end", or after the archive was broken off.
    source.once("close", () => settle());
    zip.addReadStream(source, name, options);
  });
}

async function* joined(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** Of bytes, how many are tried: a piece of the beginning tells whether the work of deflating all is for nothing. */
const sampleSize = 16 * 1024;

function shrinks(begin: Uint8Array): boolean {
  const sample = begin.subarray(0, sampleSize);
  return sample.length < 512 || deflateRawSync(sample, { level: 1 }).length < sample.length * 0.98;
}

/** yazl writes a size that it was told before it sees the bytes. */
async function* exactly({ name, size, open }: ArchiveEntry): AsyncGenerator<Uint8Array, void, undefined> {
  let seen = 0;
  for await (const chunk of open()) {
    seen += chunk.length;
    if (seen > size) break;
    yield chunk;
  }
  if (seen !== size) throw new PosternError("corrupt-data", `an entry of ${name.length} characters has another size`);
}

function abortReason(signal: AbortSignal): Error {
  return new PosternError("canceled", "the archive was not wanted any more", { cause: signal.reason });
}
