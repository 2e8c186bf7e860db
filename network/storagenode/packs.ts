import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "../../core/identity/node-id.js";
import type { PieceId } from "../../core/identity/piece-id.js";
import { createDirectorySync } from "./directory-sync.js";
import { diskError } from "./errors.js";
import { createPackIndex } from "./pack-index.js";
import { encodeNote, NoteKind, openNotes, type PackNote, readNotes } from "./pack-notes.js";
import { encodeRecordHeader, type PackRecord, recordHeaderSize } from "./pack-record.js";
import { scanPack } from "./pack-scan.js";
import { writeAll } from "./write-all.js";

/** Where a packed piece is. */
export interface PackedPiece {
  readonly path: string;
  /** Where what a piece file would hold begins in the pack. */
  readonly offset: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** When it was moved to the trash, in days since 1970; undefined for pieces that are not there. */
  readonly trashedDay: number | undefined;
}

/** Small pieces together in large files, which are only ever appended to. */
export interface Packs {
  /** Takes what a piece file would hold. Resolves when it is on disk, together with whatever else came meanwhile. */
  append(satelliteId: NodeId, pieceId: PieceId, parts: readonly Uint8Array[]): Promise<void>;
  /** Also finds what is in the trash. */
  find(satelliteId: NodeId, pieceId: PieceId): PackedPiece | undefined;
  /** The pieces of a satellite that are in the trash, or those that are not. */
  list(satelliteId: NodeId, where: { readonly inTrash: boolean }): PieceId[];
  /** Forgets a piece, in the trash or not. False when it is not here. */
  remove(satelliteId: NodeId, pieceId: PieceId): Promise<boolean>;
  /** Moves a piece to the trash of a day, or out of it (undefined). False when it is not here, or there already. */
  setTrashed(satelliteId: NodeId, pieceId: PieceId, day: number | undefined): Promise<boolean>;
  /** Forgets what came to the trash before a day. Resolves to how many pieces. */
  emptyTrash(beforeDay: number, signal?: AbortSignal): Promise<number>;
  /** Bytes of all packs, with those of forgotten pieces. */
  readonly bytes: number;
  /** Bytes of the pieces in the trash. */
  readonly trashBytes: number;
  /** Resolves when packs that were being emptied are gone. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface PacksOptions {
  readonly dir: string;
  readonly durable: boolean;
  /** Stores a piece on its own, in the trash or not, so that its pack can go. The result takes that back. */
  readonly unpack: (satelliteId: NodeId, pieceId: PieceId, packed: PackedPiece) => Promise<() => Promise<unknown>>;
  readonly onProblem: (message: string, error: unknown) => void;
  /** Bytes at which a pack takes no more; 64 MiB when absent. */
  readonly packBytes?: number;
}

interface Entry {
  readonly pack: Pack;
  readonly offset: number;
  readonly size: number;
  readonly storedAt: number;
  trashedDay: number | undefined;
}

interface Pack {
  readonly path: string;
  /** Bytes of its file. */
  size: number;
  /** Bytes of pieces that are not forgotten, with their headers. */
  live: number;
  /** Where it is noted what became of pieces; opened with the first note. */
  notes: Promise<FileHandle> | undefined;
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
 * packs/NUMBER.pack is a run of records (pack-record.ts), NUMBER.dead tells which of them are forgotten or in the trash.
 * Where each piece is, is in memory, some 150 bytes for one; it is read from the packs at the start. Each start begins
 * a new pack, as a crash may have cut the last. Once less than half of a full pack is not forgotten, the rest of it is
 * stored piece by piece and the file deleted.
 *
 * There is one write at a time, and it is synced before the next: what was acknowledged has nothing unfinished before
 * it, and all that came during a sync share the next. Notes about pieces are not synced: one that comes back by a crash
 * of the machine is garbage collection's.
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
  let trashBytes = 0;
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
    const [{ fileSize, records, damaged }, notes] = await Promise.all([scanPack(path), readNotes(notesPath(path))]);
    if (damaged > 0) onProblem(`${damaged} damaged places in a pack of pieces`, undefined);
    const pack = addPack(path);
    grow(pack, fileSize);
    for (const record of records) {
      const told = notes.get(record.offset);
      if (told?.kind === NoteKind.Forgotten) continue;
      enter(pack, record, record.offset, told?.kind === NoteKind.Trashed ? told.day : undefined);
    }
  }

  function addPack(path: string): Pack {
    const pack: Pack = { path, size: 0, live: 0, notes: undefined, leaving: false };
    packs.add(pack);
    return pack;
  }

  function grow(pack: Pack, size: number): void {
    bytes += size - pack.size;
    pack.size = size;
  }

  function enter(pack: Pack, record: PackRecord, offset: number, trashedDay?: number): void {
    const { satelliteId, pieceId, size, storedAt } = record;
    const before = index.get(satelliteId, pieceId);
    if (before !== undefined) forget(satelliteId, pieceId, before);
    const entry: Entry = { pack, offset, size, storedAt, trashedDay: undefined };
    index.set(satelliteId, pieceId, entry);
    pack.live += recordHeaderSize + size;
    markTrashed(entry, trashedDay);
  }

  function forget(satelliteId: NodeId, pieceId: PieceId, entry: Entry): void {
    markTrashed(entry, undefined);
    index.delete(satelliteId, pieceId);
    entry.pack.live -= recordHeaderSize + entry.size;
  }

  function markTrashed(entry: Entry, day: number | undefined): void {
    trashBytes += (day === undefined ? 0 : entry.size) - (entry.trashedDay === undefined ? 0 : entry.size);
    entry.trashedDay = day;
  }

  /** Its failure costs no piece: what is not noted is so until the next start, and on a full disk pieces must go. */
  async function note(pack: Pack, what: PackNote): Promise<void> {
    if (!packs.has(pack)) return;
    pack.notes ??= openNotes(notesPath(pack.path));
    pack.notes.catch(() => {
      pack.notes = undefined;
    });
    try {
      await (await pack.notes).appendFile(encodeNote(what));
    } catch (error) {
      if (packs.has(pack)) onProblem("it could not be noted what became of a piece", error);
    }
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
        await takeBack();
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
      pack.size,
    );
    if (durable) await file.datasync();
    for (const job of batch) {
      enter(pack, job, pack.size + recordHeaderSize);
      grow(pack, pack.size + recordHeaderSize + job.size);
    }
    for (const { resolve } of batch) resolve();
  }

  /** After a write that failed: the pack ends where it did, and takes no more. */
  async function takeBack(): Promise<void> {
    try {
      await current?.file.truncate(current.pack.size);
      await finishCurrent();
    } catch (error) {
      onProblem("a pack of pieces could not be closed", error);
    }
  }

  async function createPack(): Promise<{ pack: Pack; file: FileHandle }> {
    const path = join(folder, `${String(++lastNumber).padStart(8, "0")}.pack`);
    await rm(notesPath(path), { force: true });
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
    if (closed || pack.leaving || (pack.live > 0 && pack.live >= pack.size / 2)) return;
    pack.leaving = true;
    const left = empty(pack).catch((error) => {
      pack.leaving = false;
      packs.add(pack);
      onProblem("pieces could not be moved out of their pack", error);
    });
    emptying.add(left);
    void left.then(() => emptying.delete(left));
  }

  async function empty(pack: Pack): Promise<void> {
    for (const { satelliteId, pieceId, value: entry } of index.entries((one) => one.pack === pack)) {
      while (index.get(satelliteId, pieceId) === entry) {
        if (closed) return;
        const { trashedDay } = entry;
        const takeBackCopy = await options.unpack(satelliteId, pieceId, packedPiece(entry));
        // It may have been forgotten, moved to the trash or out of it, or have come again meanwhile.
        if (index.get(satelliteId, pieceId) !== entry || entry.trashedDay !== trashedDay) await takeBackCopy();
        else {
          forget(satelliteId, pieceId, entry);
          await note(pack, { kind: NoteKind.Forgotten, day: 0, offset: entry.offset });
        }
      }
    }
    packs.delete(pack);
    await rm(pack.path);
    await closeNotes(pack);
    await rm(notesPath(pack.path), { force: true });
    grow(pack, 0);
  }

  async function remove(satelliteId: NodeId, pieceId: PieceId): Promise<boolean> {
    const entry = index.get(satelliteId, pieceId);
    if (entry === undefined) return false;
    forget(satelliteId, pieceId, entry);
    await note(entry.pack, { kind: NoteKind.Forgotten, day: 0, offset: entry.offset });
    emptyIfHalfDead(entry.pack);
    return true;
  }

  return {
    get bytes() {
      return bytes;
    },
    get trashBytes() {
      return trashBytes;
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

    list: (satelliteId, { inTrash }) =>
      index.pieces(satelliteId).filter((id) => (index.get(satelliteId, id)?.trashedDay !== undefined) === inTrash),

    remove,

    async setTrashed(satelliteId, pieceId, day) {
      const entry = index.get(satelliteId, pieceId);
      if (entry === undefined || (entry.trashedDay === undefined) === (day === undefined)) return false;
      markTrashed(entry, day);
      const kind = day === undefined ? NoteKind.Restored : NoteKind.Trashed;
      await note(entry.pack, { kind, day: day ?? 0, offset: entry.offset });
      return true;
    },

    async emptyTrash(beforeDay, signal) {
      let count = 0;
      for (const { satelliteId, pieceId } of index.entries(({ trashedDay }) => (trashedDay ?? beforeDay) < beforeDay)) {
        signal?.throwIfAborted();
        if (await remove(satelliteId, pieceId)) count++;
      }
      return count;
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
      for (const pack of packs) await closeNotes(pack);
    },
  };
}

function packedPiece({ pack, offset, size, storedAt, trashedDay }: Entry): PackedPiece {
  return { path: pack.path, offset, size, storedAt, trashedDay };
}

async function closeNotes(pack: Pack): Promise<void> {
  const notes = await pack.notes?.catch(() => undefined);
  pack.notes = undefined;
  await notes?.close();
}

function notesPath(packPath: string): string {
  return packPath.replace(/pack$/, "dead");
}
