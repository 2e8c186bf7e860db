import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from "yauzl";
import { isPosternError, PosternError } from "../../../core/index.js";
import { type OpenedEntry, openEntry } from "./zip-entry-stream.js";
import { entryName } from "./zip-name.js";
import { WindowReader, type ZipSource } from "./zip-source.js";

export type { OpenedEntry } from "./zip-entry-stream.js";
export type { ZipSource } from "./zip-source.js";

export interface ZipLimits {
  /** Entries that are read; 20000 when absent. */
  readonly maxEntries?: number;
  /** Bytes that are read to find them; 16 MiB when absent. */
  readonly maxDirectoryBytes?: number;
  /** Longest entry that is taken out, in bytes when unpacked; 64 GiB when absent. */
  readonly maxEntryBytes?: number;
  readonly signal?: AbortSignal;
}

export interface ZipEntry {
  /** Path in the archive, with "/" at the end for folders. Never absolute, never with "..", never twice. */
  readonly name: string;
  /** Bytes when unpacked, as the archive says. */
  readonly size: number;
  readonly compressedSize: number;
  readonly modified: Date;
  /** It can be taken out: a file, not encrypted, stored or deflated. */
  readonly readable: boolean;
}

export interface OpenZipEntryOptions {
  /** Gives deflated entries as a gzip file, without unpacking them. */
  readonly gzip?: boolean;
  readonly signal?: AbortSignal;
}

export interface ZipArchive {
  /** In the order of the archive. */
  readonly entries: readonly ZipEntry[];
  /** There are more than `maxEntries`. */
  readonly cut: boolean;
  /** Entries that are left out for a hostile or repeated name. */
  readonly hidden: number;
  /** Undefined when there is no such entry, or it is not readable. Nothing is read before the stream is. */
  open(name: string, options?: OpenZipEntryOptions): OpenedEntry | undefined;
}

/** Reads the directory of a zip file, in few ranges. Fails with `corrupt-data`, or `resource-exhausted` beyond the limits. */
export async function openZip(source: ZipSource, limits: ZipLimits = {}): Promise<ZipArchive> {
  const { maxEntries = 20_000, maxDirectoryBytes = 16 << 20, maxEntryBytes = 64 * 2 ** 30, signal } = limits;
  const found = new Map<string, { entry: ZipEntry; raw: Entry }>();
  let cut = false;
  let hidden = 0;
  try {
    const reader = new WindowReader(source, maxDirectoryBytes, signal);
    // Names are judged here one by one: for yauzl one bad name would spoil the archive.
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
    const zip: ZipFile = await fromRandomAccessReaderPromise(reader, source.size, options);
    let count = 0;
    for await (const raw of zip.eachEntry()) {
      if (count++ >= maxEntries) {
        cut = true;
        break;
      }
      const name = entryName(raw);
      // Programs disagree on which of two entries of a name counts: here the one that is shown.
      if (name === undefined || found.has(name)) hidden++;
      else found.set(name, { raw, entry: zipEntry(name, raw, maxEntryBytes) });
    }
  } catch (error) {
    if (isPosternError(error) || signal?.aborted) throw error;
    throw new PosternError("corrupt-data", "this is not a zip file, or a damaged one", { cause: error });
  }
  return {
    entries: [...found.values()].map(({ entry }) => entry),
    cut,
    hidden,
    open(name, options) {
      const known = found.get(name);
      return known?.entry.readable ? openEntry(source, known.raw, options) : undefined;
    },
  };
}

function zipEntry(name: string, raw: Entry, maxEntryBytes: number): ZipEntry {
  const readable = raw.canDecodeFileData() && !name.endsWith("/") && raw.uncompressedSize <= maxEntryBytes;
  return {
    name,
    size: raw.uncompressedSize,
    compressedSize: raw.compressedSize,
    modified: raw.getLastModDate({ timezone: "UTC" }),
    readable,
  };
}
