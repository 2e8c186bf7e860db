import { type FileHandle, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "../../core/identity/node-id.js";
import type { Order, OrderLimit } from "../../proto/gen/orders.js";
import { createDirectorySync } from "./directory-sync.js";
import {
  encodeEntry,
  encodeFileHeader,
  type OrderEntry,
  ordersWindow,
  unsentFileName,
  windowOfFileName,
} from "./orders-file.js";
import { readOrdersFile } from "./orders-reader.js";

/** Keeps the largest order of each transfer until it is settled with the satellite. */
export interface OrdersStore {
  /** Takes an order without waiting for the disk. Orders over no bytes are worth nothing and are not kept. */
  add(limit: OrderLimit, order: Order): void;
  /**
   * Entries of all files whose window began at this time (ms since 1970) or later. An entry's bytes are good until the
   * next is asked for.
   */
  recent(sinceMs: number): AsyncIterable<OrderEntry>;
  /** Resolves when all orders so far are on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface OrdersStoreOptions {
  readonly dir: string;
  /** Orders are on disk within a second. */
  readonly durable: boolean;
  readonly onProblem: (message: string, error: unknown) => void;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readonly windowMs: number;
}

const syncDelayMs = 1000;
/** Files of windows this much older than the newest take no more orders. */
const closeAfterMs = 3 * 3_600_000;
/** Orders that wait for a slow disk; more are dropped, as traffic is worth more than its payment. */
const maxPending = 100_000;

/** Appends to one file for each satellite and hour; orders that arrive during a write go together in the next. */
export async function openOrdersStore({ dir, durable, onProblem }: OrdersStoreOptions): Promise<OrdersStore> {
  const unsent = join(dir, "orders", "unsent");
  await mkdir(unsent, { recursive: true });
  const syncDirectory = createDirectorySync();
  const files = new Map<string, OpenFile>();
  const unsynced = new Set<FileHandle>();
  let pending: OrderEntry[] = [];
  let writing: Promise<void> | undefined;
  let syncTimer: NodeJS.Timeout | undefined;

  async function writePending(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      for (const [name, { entries, satelliteId, windowMs }] of groupByFile(batch)) {
        try {
          const handle = await fileOf(name, satelliteId, windowMs);
          await handle.appendFile(Buffer.concat(entries.map(encodeEntry)));
          unsynced.add(handle);
        } catch (error) {
          onProblem("orders could not be written", error);
        }
      }
    }
    writing = undefined;
    if (durable) syncTimer ??= setTimeout(() => void syncFiles(), syncDelayMs).unref();
  }

  function fileOf(name: string, satelliteId: NodeId, windowMs: number): Promise<FileHandle> {
    const known = files.get(name);
    if (known !== undefined) return known.handle;
    const handle = openFile(name, satelliteId, windowMs);
    files.set(name, { handle, windowMs });
    handle.catch(() => files.delete(name));
    for (const [other, file] of files) {
      if (file.windowMs < windowMs - closeAfterMs) void closeFile(other, file);
    }
    return handle;
  }

  async function openFile(name: string, satelliteId: NodeId, windowMs: number): Promise<FileHandle> {
    const handle = await open(join(unsent, name), "a");
    try {
      if ((await handle.stat()).size === 0) {
        await handle.appendFile(encodeFileHeader(satelliteId, windowMs));
        if (durable) await syncDirectory(unsent);
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    return handle;
  }

  async function closeFile(name: string, file: OpenFile): Promise<void> {
    files.delete(name);
    try {
      const handle = await file.handle;
      if (durable && unsynced.delete(handle)) await handle.datasync();
      await handle.close();
    } catch (error) {
      onProblem("an orders file could not be closed", error);
    }
  }

  async function syncFiles(): Promise<void> {
    clearTimeout(syncTimer);
    syncTimer = undefined;
    const handles = [...unsynced];
    unsynced.clear();
    try {
      if (durable) await Promise.all(handles.map((handle) => handle.datasync()));
    } catch (error) {
      onProblem("orders could not be synced", error);
    }
  }

  const store: OrdersStore = {
    add(limit, order) {
      if (order.amount <= 0) return;
      if (pending.length >= maxPending) return onProblem("an order was dropped: the disk is too slow", undefined);
      pending.push({ limit, order });
      writing ??= writePending();
    },

    async *recent(sinceMs) {
      for (const name of await readdir(unsent)) {
        const windowMs = windowOfFileName(name);
        if (windowMs === undefined || windowMs < sinceMs) continue;
        yield* readOrdersFile(join(unsent, name), (problem) => onProblem(`${name}: ${problem}`, undefined));
      }
    },

    async flush() {
      while (writing !== undefined) await writing;
      await syncFiles();
    },

    async close() {
      await store.flush();
      await Promise.all([...files].map(([name, file]) => closeFile(name, file)));
    },
  };
  return store;
}

function groupByFile(
  batch: readonly OrderEntry[],
): Map<string, { satelliteId: NodeId; windowMs: number; entries: OrderEntry[] }> {
  const groups = new Map<string, { satelliteId: NodeId; windowMs: number; entries: OrderEntry[] }>();
  for (const entry of batch) {
    const { satelliteId, orderCreation } = entry.limit;
    const windowMs = ordersWindow(orderCreation);
    const name = unsentFileName(satelliteId, windowMs);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { satelliteId, windowMs, entries: [entry] });
    else group.entries.push(entry);
  }
  return groups;
}
