import { setImmediate as turn } from "node:timers/promises";
import type { ArchiveEntry } from "../../../../frontends/linkshare/archive/zip-writer.js";

export const when = new Date("2026-03-04T05:06:08Z");

/** An entry of these bytes, in small pieces. */
export function entryOf(name: string, text: string | Uint8Array, chunk = 1000): ArchiveEntry {
  const bytes = Buffer.from(text);
  return {
    name,
    modified: when,
    size: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    },
  };
}

export async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of stream) parts.push(chunk);
  return Buffer.concat(parts);
}

/** An entry without end in sight that notes how it is used; `entries` gives it twice. */
export function endlessEntry(size = 2 ** 33) {
  const seen = { opened: 0, given: 0, closed: 0, listClosed: false };
  const entry: ArchiveEntry = {
    name: "endless.mp4",
    modified: when,
    size,
    async *open() {
      seen.opened++;
      try {
        const block = Buffer.alloc(64 * 1024);
        for (let at = 0; at < size; at += block.length) {
          seen.given += block.length;
          yield block;
          await turn();
        }
      } finally {
        seen.closed++;
      }
    },
  };
  async function* entries(): AsyncGenerator<ArchiveEntry, void, undefined> {
    try {
      yield entry;
      yield entry;
    } finally {
      seen.listClosed = true;
    }
  }
  return { seen, entries };
}

/** A source for openZip over bytes, that counts what is read. */
export function countingSource(bytes: Uint8Array, chunk = 10_000) {
  const reads: [number, number][] = [];
  return {
    reads,
    size: bytes.length,
    async *read(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
      if (start < 0 || end > bytes.length || start > end) throw new RangeError(`${start}..${end} of ${bytes.length}`);
      reads.push([start, end]);
      for (let at = start; at < end; at += chunk) yield bytes.subarray(at, Math.min(at + chunk, end));
    },
  };
}
