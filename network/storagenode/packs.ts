import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "../../core/identity/node-id.js";
import type { PieceId } from "../../core/identity/piece-id.js";
import { createDirectorySync } from "./directory-sync.js";
import { diskError } from "./errors.js";
import { createPackIndex } from "./pack-index.js";
import { encodeRecordHeader, type PackRecord, recordHeaderSize } from "./pack-record.js";
import { encodeDead, openDead, readDead, scanPack } from "./pack-scan.js";
import { writeAll } from "./write-all.js";

/** Where a packed piece is. */
export interface PackedPiece {
  readonly path: string;
  /** Where what a piece file would hold begins in the pack. */
  readonly offset: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** Small pieces together in large files, which are only ever appended to. */
export interface Packs {
  /** Takes what a piece file would hold. Resolves when it is on disk, together with whatever else came meanwhile. */
  append(satelliteId: NodeId, pieceId: PieceId, parts: readonly Uint8Array[]): Promise<void>;
  find(satelliteId: NodeId, pieceId: PieceId): PackedPiece | undefined;
  list(satelliteId: NodeId): PieceId[];
  /** Forgets a piece. False when it is not here. */
  remove(satelliteId: NodeId, pieceId: PieceId): Promise<boolean>;
  /** Bytes of all packs, with those of forgotten pieces. */
  readonly bytes: number;
  /** Resolves when packs that were being emptied are gone. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface PacksOptions {
  readonly dir: string;
  readonly durable: boolean;
  /** Stores a piece on its own, so that its pack can go. */
  readonly unpack: (satelliteId: NodeId, pieceId: PieceId, packed: PackedPiece) => Promise<void>;
  /** Takes that back: the piece was forgotten meanwhile. */
  readonly discard: (satelliteId: NodeId, pieceId: PieceId) => Promise<void>;
  readonly onProblem: (message: string, error: unknown) => void;
  /** Bytes at which a pack takes no more; 64 MiB when absent. */
  readonly packBytes?: number;
}

interface Entry {
  readonly pack: Pack;
  readonly offset: number;
  readonly size: number;
  readonly storedAt: number;
}

interface Pack {
  readonly path: string;
  /** Bytes of its file. */
  size: number;
  /** Bytes of pieces that are not forgotten, with their headers. */
  live: number;
  /** Where forgotten pieces are noted; opened with the first. */
  dead: Promise<FileHandle> | undefined;
  /** Its last pieces are being stored on their own. */
  leaving: boolean;
}

interface Job extends PackRecord {
  readonly parts: readonly Uint8Array[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes of one write; what comes while it runs goes into the next. */
const batchBytes = 8 * 1024 * 1024;

/**
 * packs/NUMBER.pack is a run of records (pack-record.ts), NUMBER.dead has the places of those that are forgotten.
 * Where each piece is, is in memory, some 150 bytes for one; it is read from the packs at the start. Each start begins
 * a new pack, as a crash may have cut the last. Once less than half of a full pack is not forgotten, the rest of it is
 * stored piece by piece and the file deleted.
 *
 * There is one write at a time, and it is synced before the next: what was acknowledged has nothing unfinished before
 * it, and all that came during a sync share the next. A note that a piece is forgotten is not synced: a piece that
 * comes back by a crash of the machine is garbage collection's.
 */
export async function openPacks(options: PacksOptions): Promise<Packs> {
  const { durable, onProblem, packBytes = 64 * 1024 * 1024 } = options;
  const folder = join(options.dir, "packs");
  await mkdir(folder, { recursive: true });
  const syncDirectory = createDirectorySync();
  const index = createPackIndex<Entry>();
  const packs = new Set<Pack>();
  const emptying = new Set<Promise<void>>();
  let bytes = 0;
  let lastNumber = 0;
  const jobs: Job[] = [];
  let appending: Promise<void> | undefined;
  let current: { readonly pack: Pack; readonly file: FileHandle } | undefined;
  let closed = false;

  for (const name of (await readdir(folder)).sort()) {
    const [, number, kind] = /^([0-9]{8})\.(pack|dead)$/.exec(name) ?? [];
    if (number === undefined) continue;
    // A number is never used again: what was noted about an older pack would be taken for notes about the new one.
    lastNumber = Math.max(lastNumber, Number(number));
    if (kind === "pack") await load(join(folder, name));
  }
  for (const pack of packs) emptyIfHalfDead(pack);

  async function load(path: string): Promise<void> {
    const [{ fileSize, records, damaged }, dead] = await Promise.all([scanPack(path), readDead(deadPath(path))]);
    if (damaged > 0) onProblem(`${damaged} damaged places in a pack of pieces`, undefined);
    const pack = addPack(path);
    grow(pack, fileSize);
    for (const record of records) if (!dead.has(record.offset)) note(pack, record, record.offset);
  }

  function addPack(path: string): Pack {
    const pack: Pack = { path, size: 0, live: 0, dead: undefined, leaving: false };
    packs.add(pack);
    return pack;
  }

  function grow(pack: Pack, size: number): void {
    bytes += size - pack.size;
    pack.size = size;
  }

  function note(pack: Pack, { satelliteId, pieceId, size, storedAt }: PackRecord, offset: number): void {
    const before = index.get(satelliteId, pieceId);
    if (before !== undefined) before.pack.live -= recordHeaderSize + before.size;
    index.set(satelliteId, pieceId, { pack, offset, size, storedAt });
    pack.live += recordHeaderSize + size;
  }

  function forget(satelliteId: NodeId, pieceId: PieceId, entry: Entry): void {
    index.delete(satelliteId, pieceId);
    entry.pack.live -= recordHeaderSize + entry.size;
  }

  function startAppending(): void {
    appending ??= appendAll().finally(() => {
      appending = undefined;
      if (jobs.length > 0) startAppending();
    });
  }

  async function appendAll(): Promise<void> {
    do {
      const batch = takeBatch();
      try {
        if (batch.length > 0) await appendBatch(batch);
      } catch (cause) {
        // What the file holds now is not known, so that nothing may follow.
        await finishCurrent().catch(() => undefined);
        for (const job of batch) job.reject(diskError(cause));
      }
      if (current !== undefined && (current.pack.size >= packBytes || current.pack.live === 0)) {
        await finishCurrent().catch((error) => onProblem("a pack of pieces could not be closed", error));
      }
    } while (jobs.length > 0);
  }

  function takeBatch(): Job[] {
    let count = 0;
    for (let size = 0; count < jobs.length && size < batchBytes; count++) size += jobs[count]!.size;
    return jobs.splice(0, count);
  }

  async function appendBatch(batch: readonly Job[]): Promise<void> {
    current ??= await createPack();
    const { pack, file } = current;
    await writeAll(
      file,
      batch.flatMap((job) => [encodeRecordHeader(job), ...job.parts]),
    );
    if (durable) await file.datasync();
    for (const job of batch) {
      note(pack, job, pack.size + recordHeaderSize);
      grow(pack, pack.size + recordHeaderSize + job.size);
    }
    for (const { resolve } of batch) resolve();
  }

  async function createPack(): Promise<{ pack: Pack; file: FileHandle }> {
    const path = join(folder, `${String(++lastNumber).padStart(8, "0")}.pack`);
    await rm(deadPath(path), { force: true });
    const file = await open(path, "wx");
    if (durable) await syncDirectory(folder);
    return { pack: addPack(path), file };
  }

  /** The pack takes no more, and may go when most of it is forgotten. */
  async function finishCurrent(): Promise<void> {
    if (current === undefined) return;
    const { pack, file } = current;
    current = undefined;
    grow(pack, (await file.stat()).size);
    await file.close();
    emptyIfHalfDead(pack);
  }

  function emptyIfHalfDead(pack: Pack): void {
    if (pack === current?.pack) {
      // Only whoever appends may finish it.
      if (pack.live === 0) startAppending();
      return;
    }
    if (closed || pack.leaving || pack.live >= pack.size / 2) return;
    pack.leaving = true;
    const left = empty(pack).catch((error) => {
      pack.leaving = false;
      onProblem("pieces could not be moved out of their pack", error);
    });
    emptying.add(left);
    void left.then(() => emptying.delete(left));
  }

  async function empty(pack: Pack): Promise<void> {
    for (const { satelliteId, pieceId, value: entry } of index.entries((one) => one.pack === pack)) {
      if (closed) return;
      await options.unpack(satelliteId, pieceId, packedPiece(entry));
      // It may have been forgotten, or have come again, meanwhile.
      if (index.get(satelliteId, pieceId) === entry) forget(satelliteId, pieceId, entry);
      else await options.discard(satelliteId, pieceId);
    }
    await rm(pack.path);
    await (await pack.dead)?.close();
    await rm(deadPath(pack.path), { force: true });
    packs.delete(pack);
    grow(pack, 0);
  }

  return {
    get bytes() {
      return bytes;
    },

    append(satelliteId, pieceId, parts) {
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      return new Promise((resolve, reject) => {
        jobs.push({ satelliteId, pieceId, parts, size, storedAt: Date.now(), resolve, reject });
        startAppending();
      });
    },

    find(satelliteId, pieceId) {
      const entry = index.get(satelliteId, pieceId);
      return entry === undefined ? undefined : packedPiece(entry);
    },

    list: (satelliteId) => index.pieces(satelliteId),

    async remove(satelliteId, pieceId) {
      const entry = index.get(satelliteId, pieceId);
      if (entry === undefined) return false;
      forget(satelliteId, pieceId, entry);
      const { pack } = entry;
      pack.dead ??= openDead(deadPath(pack.path));
      pack.dead.catch(() => {
        pack.dead = undefined;
      });
      try {
        await (await pack.dead).appendFile(encodeDead(entry.offset));
      } catch (cause) {
        throw diskError(cause);
      }
      emptyIfHalfDead(pack);
      return true;
    },

    async settled() {
      await appending;
      await Promise.all(emptying);
    },

    async close() {
      closed = true;
      while (appending !== undefined) await appending;
      await Promise.all(emptying);
      await current?.file.close();
      current = undefined;
      for (const pack of packs) await (await pack.dead)?.close();
    },
  };
}

function packedPiece({ pack, offset, size, storedAt }: Entry): PackedPiece {
  return { path: pack.path, offset, size, storedAt };
}

function deadPath(packPath: string): string {
  return packPath.replace(/pack$/, "dead");
}
