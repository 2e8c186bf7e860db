import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import type { Entry } from "yauzl";
import { PosternError } from "../../../core/index.js";
import type { ZipSource } from "./zip-source.js";

export interface OpenedEntry {
  /** Bytes that the stream gives. */
  readonly size: number;
  /** "gzip" when that was asked for and the entry is deflated. */
  readonly encoding: "gzip" | undefined;
  /** Fails with `corrupt-data` where length or checksum are not what the archive says. */
  readonly stream: AsyncIterable<Uint8Array>;
}

interface OpenOptions {
  readonly gzip?: boolean;
  readonly signal?: AbortSignal;
}

/** Of a local header: APPNOTE.TXT 4.3.7. */
const headerSize = 30;
/** How much longer its extra field may be than that of the directory, for one range to suffice. */
const extraReserve = 1_024;

export function openEntry(source: ZipSource, entry: Entry, { gzip = false, signal }: OpenOptions = {}): OpenedEntry {
  const deflated = entry.compressionMethod === 8;
  const packed = () => packedBytes(source, entry, signal);
  if (!deflated) return { size: entry.uncompressedSize, encoding: undefined, stream: checked(packed(), entry) };
  if (gzip) return { size: entry.compressedSize + 18, encoding: "gzip", stream: gzipped(packed(), entry) };
  return { size: entry.uncompressedSize, encoding: undefined, stream: checked(inflated(packed(), signal), entry) };
}

/** The entry as it is in the archive: mostly one range, begun at its header. */
async function* packedBytes(
  source: ZipSource,
  entry: Entry,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start = entry.relativeOffsetOfLocalHeader;
  const reserve = headerSize + entry.fileNameLength + entry.extraFieldLength + extraReserve;
  const end = Math.min(source.size, start + reserve + entry.compressedSize);
  if (start + headerSize > source.size) throw damaged();
  let header: Buffer = Buffer.alloc(0);
  let skip: number | undefined;
  let left = entry.compressedSize;
  for await (let chunk of source.read(start, end, signal)) {
    if (signal?.aborted) throw canceled(signal);
    if (skip === undefined) {
      header = Buffer.concat([header, chunk]);
      if (header.length < headerSize) continue;
      if (header.readUInt32LE(0) !== 0x04034b50) throw damaged();
      skip = headerSize + header.readUInt16LE(26) + header.readUInt16LE(28);
      if (start + skip + left > source.size) throw damaged();
      chunk = header;
    }
    const passed = Math.min(skip, chunk.length);
    skip -= passed;
    const bytes = chunk.subarray(passed, passed + left);
    left -= bytes.length;
    if (bytes.length > 0) yield bytes;
    if (left === 0) return;
  }
  if (skip === undefined) throw damaged();
  // A header longer than was reserved for it.
  if (left > 0) yield* source.read(end + skip, end + skip + left, signal);
}

async function* inflated(
  packed: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inflate = createInflateRaw();
  const done = pipeline(packed, inflate, { signal });
  done.catch(() => undefined);
  try {
    for await (const chunk of inflate) yield chunk as Uint8Array;
    await done;
  } catch (error) {
    if (signal?.aborted) throw canceled(signal);
    throw (error as { code?: string }).code?.startsWith("Z_") ? damaged(error) : error;
  } finally {
    inflate.destroy();
    await done.catch(() => undefined);
  }
}

/** Stops before it gives more than the directory promised, which is how small archives become large files. */
async function* checked(bytes: AsyncIterable<Uint8Array>, entry: Entry): AsyncGenerator<Uint8Array, void, undefined> {
  let seen = 0;
  let sum = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    if (seen > entry.uncompressedSize) throw damaged();
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (seen !== entry.uncompressedSize || sum !== entry.crc32) throw damaged();
}

/** RFC 1952: a gzip file is a deflated stream between a header and its checksum, which zip files have too. */
async function* gzipped(packed: AsyncIterable<Uint8Array>, entry: Entry): AsyncGenerator<Uint8Array, void, undefined> {
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
  yield* packed;
  const end = Buffer.alloc(8);
  end.writeUInt32LE(entry.crc32 >>> 0, 0);
  end.writeUInt32LE(entry.uncompressedSize % 2 ** 32, 4);
  yield end;
}

function canceled(signal: AbortSignal): PosternError {
  return new PosternError("canceled", "the entry is not wanted any more", { cause: signal.reason });
}

function damaged(cause?: unknown): PosternError {
  return new PosternError("corrupt-data", "the entry of the zip file is damaged", { cause });
}
