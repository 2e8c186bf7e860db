import { type FileHandle, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../core/bytes/bytes.js";
import type { NodeId } from "../../core/identity/node-id.js";
import type { Order, OrderLimit } from "../../proto/gen/orders.js";
import { createDirectorySync } from "./directory-sync.js";
import {
  archivedAtOfFileName,
  archivedFileName,
  encodeEntry,
  encodeFileHeader,
  type OrderEntry,
  ordersWindow,
  type SettlementStatus,
  unsentFileName,
  windowOfFileName,
} from "./orders-file.js";
import { readOrdersFile } from "./orders-reader.js";

/** Keeps the largest order of each transfer until it is settled with the satellite. */
export interface OrdersStore {
  /**
   * Tells that a transfer runs whose order is to come: its window is not settled before. The result takes the order
   * without waiting for the disk, and must be called, once. Orders over no bytes are worth nothing and are not kept.
   */
  begin(limit: OrderLimit): (order: Order) => void;
  /**
   * Entries of all files whose window began at this time (ms since 1970) or later. An entry's bytes are good until the
   * next is asked for.
   */
  recent(sinceMs: number): AsyncIterable<OrderEntry>;
  /**
   * Windows to which no order is added any more, oldest first: their hour is over by more than limits are honoured.
   * Orders that a crash left incomplete are not among their entries.
   */
  settleable(nowMs: number): Promise<UnsentWindow[]>;
  /** Keeps a window's file among those that are settled. */
  archive(window: UnsentWindow, status: SettlementStatus, nowMs: number): Promise<void>;
  /** Deletes what was archived before. Resolves to how many files. */
  pruneArchive(beforeMs: number): Promise<number>;
  /** Resolves when all orders so far are on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Orders of one satellite for limits of one hour. */
export interface UnsentWindow {
  readonly satelliteId: NodeId;
  /** Start of the hour (ms since 1970). */
  readonly windowMs: number;
  /** An entry's bytes are good until the next is asked for. */
  entries(): AsyncIterable<OrderEntry>;
}

export interface OrdersStoreOptions {
  readonly dir: string;
  /** Milliseconds after its creation in which an order limit is honoured. */
  readonly orderGraceMs: number;
  /** Orders are on disk within a second. */
  readonly durable: boolean;
  readonly onProblem: (message: string, error: unknown) => void;
}

interface PendingEntry {
  readonly name: string;
  readonly entry: OrderEntry;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readonly windowMs: number;
}

const hourMs = 3_600_000;
/** Orders that end in this time are written together. */
const gatherMs = 100;
const syncDelayMs = 1000;
/** Files of windows this much older than the newest take no more orders. */
const closeAfterMs = 3 * hourMs;
/** Orders that wait for a slow disk; more are dropped, as traffic is worth more than its payment. */
const maxPending = 100_000;

/**
 * Appends to one file for each satellite and hour. What a crash of the process takes is traffic of a tenth of a second
 * that nobody pays for.
 */
export async function openOrdersStore(options: OrdersStoreOptions): Promise<OrdersStore> {
  const { dir, durable, orderGraceMs, onProblem } = options;
  const unsent = join(dir, "orders", "unsent");
  const archived = join(dir, "orders", "archive");
  await Promise.all([unsent, archived].map((path) => mkdir(path, { recursive: true })));
  const syncDirectory = createDirectorySync();
  const files = new Map<string, OpenFile>();
  const unsynced = new Set<FileHandle>();
  /** Transfers that run, by the name of the file that their order goes to. */
  const active = new Map<string, number>();
  const fileNameOf = createFileNames();
  let pending: PendingEntry[] = [];
  let writing: Promise<void> | undefined;
  let gatherTimer: NodeJS.Timeout | undefined;
  let syncTimer: NodeJS.Timeout | undefined;

  function startWriting(): void {
    clearTimeout(gatherTimer);
    gatherTimer = undefined;
    if (pending.length > 0) writing ??= writePending();
  }

  async function writePending(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      for (const [name, entries] of groupByFile(batch)) {
        try {
          const { satelliteId, orderCreation } = entries[0]!.limit;
          const handle = await fileOf(name, satelliteId, ordersWindow(orderCreation));
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

  function add(name: string, entry: OrderEntry): void {
    if (pending.length >= maxPending) {
      onProblem("an order was dropped: the disk is too slow", undefined);
      return;
    }
    pending.push({ name, entry });
    if (writing === undefined) gatherTimer ??= setTimeout(startWriting, gatherMs).unref();
  }

  function readWindow(name: string): AsyncIterable<OrderEntry> {
    return readOrdersFile(join(unsent, name), (problem) => onProblem(`${name}: ${problem}`, undefined));
  }

  const store: OrdersStore = {
    begin(limit) {
      const name = fileNameOf(limit);
      active.set(name, (active.get(name) ?? 0) + 1);
      return (order) => {
        const left = active.get(name)! - 1;
        if (left === 0) active.delete(name);
        else active.set(name, left);
        if (order.amount > 0) add(name, { limit, order });
      };
    },

    async *recent(sinceMs) {
      for (const name of await readdir(unsent)) {
        const window = windowOfFileName(name);
        if (window !== undefined && window.windowMs >= sinceMs) yield* readWindow(name);
      }
    },

    async settleable(nowMs) {
      await store.flush();
      const windows: UnsentWindow[] = [];
      for (const name of await readdir(unsent)) {
        const window = windowOfFileName(name);
        if (window === undefined || active.has(name) || nowMs - (window.windowMs + hourMs) <= orderGraceMs) continue;
        windows.push({ ...window, entries: () => readWindow(name) });
      }
      return windows.sort((one, other) => one.windowMs - other.windowMs);
    },

    async archive({ satelliteId, windowMs }, status, nowMs) {
      const name = unsentFileName(satelliteId, windowMs);
      const open = files.get(name);
      if (open !== undefined) await closeFile(name, open);
      await rename(join(unsent, name), join(archived, archivedFileName(satelliteId, windowMs, nowMs, status)));
      if (durable) await Promise.all([unsent, archived].map(syncDirectory));
    },

    async pruneArchive(beforeMs) {
      let count = 0;
      for (const name of await readdir(archived)) {
        const archivedAt = archivedAtOfFileName(name);
        if (archivedAt === undefined || archivedAt >= beforeMs) continue;
        await unlink(join(archived, name));
        count++;
      }
      return count;
    },

    async flush() {
      startWriting();
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

function groupByFile(batch: readonly PendingEntry[]): Map<string, OrderEntry[]> {
  const groups = new Map<string, OrderEntry[]>();
  for (const { name, entry } of batch) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** `unsentFileName`, which takes long enough to be remembered: all limits of an hour have the same. */
function createFileNames(): (limit: OrderLimit) => string {
  const names = new Map<string, string>();
  return ({ satelliteId, orderCreation }) => {
    const windowMs = ordersWindow(orderCreation);
    const key = `${toHex(satelliteId)}${windowMs}`;
    let name = names.get(key);
    if (name === undefined) {
      name = unsentFileName(satelliteId, windowMs);
      if (names.size >= 1000) names.clear();
      names.set(key, name);
    }
    return name;
  };
}
