import { LRUCache } from "lru-cache";
import { PosternError } from "../../../core/index.js";
import { makeThumbnail } from "./make-thumbnail.js";
import { createQueue } from "./queue.js";

export interface ThumbnailOptions {
  /** Longest image that is read, in bytes; 32 MiB when absent. */
  maxInputBytes?: number;
  /** Largest image that is read, in pixels, and a third of it where it is unpacked as a whole; 64 million when absent. */
  maxPixels?: number;
  /** Images that are read and shrunk at a time; 2 when absent. */
  concurrency?: number;
  /** Most that wait for their turn; those above fail with `too-many-requests`. 200 when absent. */
  maxWaiting?: number;
  /** Thumbnails that are kept, in bytes; 64 MiB when absent. */
  maxCacheBytes?: number;
  /** Longest time for shrinking one image, in s; 10 when absent. */
  timeoutSeconds?: number;
}

export interface Thumbnail {
  readonly type: "image/webp";
  readonly body: Uint8Array;
}

/** Whether there is a thumbnail to be expected of a file, by its name. */
export function mayHaveThumbnail(name: string): boolean {
  return /\.(?:avif|gif|jfif|jpe?g|png|webp)$/i.test(name);
}

export interface Thumbnails {
  /**
   * A small picture of an image, undefined when it is none that can be shrunk. `id` names the bytes, so it has the version
   * of an object or its time in it. Who asks for one that is being made waits for the same. `open` gets a signal
   * that is aborted when nobody waits any more.
   */
  thumbnail(
    id: string,
    open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<Thumbnail | undefined>;
  /** Ends what is under way; later calls fail with `canceled`. */
  close(): void;
}

interface Flight {
  readonly made: Promise<Thumbnail | undefined>;
  readonly controller: AbortController;
  waiters: number;
}

/** Also that there is none is remembered; what an entry costs besides its bytes is a guess. */
const entryOverhead = 512;

export function createThumbnails(options: ThumbnailOptions = {}): Thumbnails {
  const { maxInputBytes = 32 << 20, maxPixels = 64e6, concurrency = 2, maxWaiting = 200 } = options;
  const { maxCacheBytes = 64 << 20, timeoutSeconds = 10 } = options;
  const queue = createQueue(concurrency, maxWaiting);
  const flights = new Map<string, Flight>();
  const cache = new LRUCache<string, { thumbnail: Thumbnail | undefined }>({
    maxSize: maxCacheBytes,
    sizeCalculation: ({ thumbnail }, id) => entryOverhead + id.length * 2 + (thumbnail?.body.length ?? 0),
  });
  let closed = false;

  function begin(id: string, open: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Flight {
    const controller = new AbortController();
    const made = queue
      .run(controller.signal, async () => {
        const input = await gather(open(controller.signal), maxInputBytes);
        controller.signal.throwIfAborted();
        const body = input === undefined ? undefined : await makeThumbnail(input, { maxPixels, timeoutSeconds });
        const thumbnail = body === undefined ? undefined : ({ type: "image/webp", body } as const);
        cache.set(id, { thumbnail });
        return thumbnail;
      })
      .finally(() => {
        if (flights.get(id) === flight) flights.delete(id);
      });
    const flight: Flight = { made, controller, waiters: 0 };
    // All waiters may have left.
    made.catch(() => undefined);
    flights.set(id, flight);
    return flight;
  }

  return {
    async thumbnail(id, open, signal) {
      if (closed || signal?.aborted) throw canceled(signal);
      const known = cache.get(id);
      if (known !== undefined) return known.thumbnail;
      const flight = flights.get(id) ?? begin(id, open);
      flight.waiters++;
      let onAbort: (() => void) | undefined;
      try {
        return await Promise.race([
          flight.made,
          new Promise<never>((_, reject) => {
            onAbort = () => reject(canceled(signal));
            signal?.addEventListener("abort", onAbort, { once: true });
          }),
        ]);
      } finally {
        if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
        if (--flight.waiters === 0) {
          if (flights.get(id) === flight) flights.delete(id);
          flight.controller.abort();
        }
      }
    },
    close() {
      closed = true;
      for (const { controller } of flights.values()) controller.abort();
      cache.clear();
    },
  };
}

/** All bytes, or undefined when there are more than `most`. */
async function gather(source: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > most) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function canceled(signal: AbortSignal | undefined): PosternError {
  return new PosternError("canceled", "nobody waits for the thumbnail", { cause: signal?.reason });
}
