import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { millisOfTimestamp } from "../../core/bytes/timestamp.js";
import type { NodeId } from "../../core/identity/node-id.js";
import { parseBloomFilter } from "../../core/piece/bloom-filter.js";
import { RetainRequest } from "../../proto/gen/piecestore.js";
import { satelliteFolder, satelliteOfFolder } from "./piece-paths.js";
import type { PieceStore } from "./piece-store.js";

/** What became of a satellite's filter. */
export interface Retained {
  readonly kept: number;
  readonly trashed: number;
}

/** Garbage collection's filters, which wait for their turn on disk. */
export interface RetainQueue {
  /** Takes a satellite's filter, which must be one; an older one that waits is dropped, and so is one older than it. */
  add(satelliteId: NodeId, request: RetainRequest): Promise<void>;
  /** Works on all filters that wait. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RetainQueueOptions {
  readonly dir: string;
  readonly store: PieceStore;
  /** Pieces that were stored less than so long before the filter was made are kept, whatever it says. */
  readonly skewMs: number;
  readonly now: () => number;
  readonly onRetained: (satelliteId: NodeId, retained: Retained) => void;
  readonly onProblem: (message: string, error: unknown) => void;
}

/** The newest filter of each satellite, in retain/SATELLITE until it is worked on. Source: storagenode/retain. */
export async function openRetainQueue(options: RetainQueueOptions): Promise<RetainQueue> {
  const { store, skewMs, now, onRetained, onProblem } = options;
  const folder = join(options.dir, "retain");
  await mkdir(folder, { recursive: true });
  const waiting = new Map<string, { satelliteId: NodeId; request: RetainRequest }>();
  for (const name of await readdir(folder)) {
    const satelliteId = satelliteOfFolder(name);
    try {
      if (satelliteId === undefined) throw new Error("not a filter");
      waiting.set(name, { satelliteId, request: RetainRequest.decode(await readFile(join(folder, name))) });
    } catch (error) {
      onProblem(`${name}: unreadable filter`, error);
      await rm(join(folder, name), { force: true });
    }
  }

  async function retain(satelliteId: NodeId, request: RetainRequest, signal: AbortSignal): Promise<Retained> {
    const filter = parseBloomFilter(request.filter);
    const before = (millisOfTimestamp(request.creationDate) ?? 0) - skewMs;
    const startedAt = now();
    let [kept, trashed] = [0, 0];
    for await (const pieceId of store.list(satelliteId)) {
      signal.throwIfAborted();
      const garbage = !filter.contains(pieceId) && ((await store.storedAt(satelliteId, pieceId)) ?? before) < before;
      if (garbage && (await store.trash(satelliteId, pieceId, startedAt))) trashed++;
      else kept++;
    }
    return { kept, trashed };
  }

  return {
    async add(satelliteId, request) {
      const name = satelliteFolder(satelliteId);
      const newer = waiting.get(name)?.request.creationDate;
      if ((millisOfTimestamp(newer) ?? 0) > (millisOfTimestamp(request.creationDate) ?? 0)) return;
      // The message is a view of what was received.
      const bytes = RetainRequest.encode(request).finish();
      waiting.set(name, { satelliteId: Uint8Array.from(satelliteId), request: RetainRequest.decode(bytes) });
      const temporary = join(folder, `${name}.part`);
      await writeFile(temporary, bytes);
      await rename(temporary, join(folder, name));
    },

    async run(signal) {
      for (const [name, entry] of waiting) {
        onRetained(entry.satelliteId, await retain(entry.satelliteId, entry.request, signal));
        if (waiting.get(name) !== entry) continue;
        waiting.delete(name);
        await rm(join(folder, name), { force: true });
      }
    },
  };
}
