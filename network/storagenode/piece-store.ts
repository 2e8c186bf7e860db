import { randomBytes } from "node:crypto";
import { mkdir, open, opendir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isPosternError } from "../../core/errors.js";
import type { NodeId } from "../../core/identity/node-id.js";
import type { PieceId } from "../../core/identity/piece-id.js";
import { createDirectorySync } from "./directory-sync.js";
import { bytesBelow, filesBelow, found, moved, namesIn, removeEmpty, sizeOf, statOf } from "./folders.js";
import { openPacks, type PackedPiece } from "./packs.js";
import { pieceFileSize } from "./piece-file.js";
import { dayFolder, dayOf, pieceName, pieceOfFile, satelliteFolder } from "./piece-paths.js";
import { openPiece, type PieceReader, readExactly } from "./piece-reader.js";
import { createPieceWriter, type PieceWriter } from "./piece-writer.js";

export interface OpenPiece extends PieceReader {
  /** True when the piece was in the trash and is taken out of it for this reader. */
  readonly restored: boolean;
}

export interface PieceStore {
  writer(satelliteId: NodeId, pieceId: PieceId): PieceWriter;
  /** Rejects with status 5 when the piece is not here, not even in the trash. */
  reader(satelliteId: NodeId, pieceId: PieceId): Promise<OpenPiece>;
  /** False when there was no such piece. */
  delete(satelliteId: NodeId, pieceId: PieceId): Promise<boolean>;
  /** All pieces of a satellite in no order, without those in the trash. */
  list(satelliteId: NodeId): AsyncIterable<PieceId>;
  /** When the piece was stored (ms since 1970); undefined when it is not here. */
  storedAt(satelliteId: NodeId, pieceId: PieceId): Promise<number | undefined>;
  /** Moves a piece to the trash of the day of `nowMs`. False when there was no such piece. */
  trash(satelliteId: NodeId, pieceId: PieceId, nowMs: number): Promise<boolean>;
  /** Takes everything out of a satellite's trash. Resolves to how many pieces. */
  restoreTrash(satelliteId: NodeId, signal?: AbortSignal): Promise<number>;
  /** Deletes what was trashed on days before that of `beforeMs`. Resolves to how many pieces. */
  emptyTrash(beforeMs: number, signal?: AbortSignal): Promise<number>;
  /**
   * Bytes of all piece files and packs, in the trash too; undefined until all were looked at after the start. Deleted
   * pieces of a pack count until most of it is deleted.
   */
  readonly usedBytes: number | undefined;
  /** Bytes of those in the trash; undefined as long. */
  readonly trashBytes: number | undefined;
  /** Looks at all files, so that `usedBytes` is known. Once, before anything is deleted. */
  countUsed(signal?: AbortSignal): Promise<void>;
  /** Resolves when packs that are being emptied are gone. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface PieceStoreOptions {
  readonly dir: string;
  /** Pieces outlive a crash of the machine once they are committed. */
  readonly durable: boolean;
  /** Small pieces share files. */
  readonly packed: boolean;
  readonly onProblem: (message: string, error: unknown) => void;
}

/**
 * Pieces as files, named by piece-paths.ts. Small ones share files, which
 * is several times faster: one sync for all that came during the last one (packs.ts). Unfinished pieces are in temp/,
 * which is emptied at the start.
 * A piece that comes twice replaces the first; `usedBytes` then counts both until the next start.
 */
export async function openPieceStore({ dir, durable, packed, onProblem }: PieceStoreOptions): Promise<PieceStore> {
  const pieces = join(dir, "pieces");
  const trash = join(dir, "trash");
  const temporary = join(dir, "temp");
  await rm(temporary, { recursive: true, force: true });
  await Promise.all([temporary, pieces, trash].map((path) => mkdir(path, { recursive: true })));
  const session = randomBytes(6).toString("hex");
  const syncDirectory = createDirectorySync();
  const folders = new Map<string, Promise<void>>();
  let counter = 0;
  let used = 0;
  let trashed = 0;
  let counted = false;
  /** Paths that are written before the files are counted, which count themselves. */
  let written: Set<string> | undefined = new Set();
  const packs = await openPacks({
    dir,
    durable,
    unpack,
    onProblem,
  });

  /** Copies a packed piece to a file of its own, with the time at which it was stored. */
  async function unpack(satelliteId: NodeId, pieceId: PieceId, piece: PackedPiece): Promise<() => Promise<unknown>> {
    const { path: packPath, offset, size, storedAt, trashedDay } = piece;
    const path = trashedDay === undefined ? pathOf(satelliteId, pieceId) : trashPath(satelliteId, pieceId, trashedDay);
    const temporaryPath = newTemporaryPath();
    const from = await open(packPath, "r");
    try {
      const to = await open(temporaryPath, "wx");
      try {
        await to.writeFile(await readExactly(from, offset, size));
        await to.utimes(storedAt / 1000, storedAt / 1000);
        if (durable) await to.sync();
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
    if (trashedDay === undefined) await ensureFolder(dirname(path));
    else await mkdir(dirname(path), { recursive: true });
    written?.add(path);
    await rename(temporaryPath, path);
    used += size;
    if (trashedDay !== undefined) trashed += size;
    if (durable) await syncDirectory(dirname(path));
    return async () => {
      if ((await deleteFile(path)) && trashedDay !== undefined) trashed -= size;
    };
  }

  function trashPath(satelliteId: NodeId, pieceId: PieceId, day: number): string {
    return join(trash, satelliteFolder(satelliteId), dayFolder(day), pieceName(pieceId));
  }

  async function deleteFile(path: string): Promise<boolean> {
    const size = await sizeOf(path);
    if (size === undefined || !(await found(unlink(path)))) return false;
    used -= size;
    return true;
  }

  function newTemporaryPath(): string {
    return join(temporary, `${session}-${counter++}`);
  }

  /** Makes a folder once; with its name on disk, as the names within would be lost with it. */
  function ensureFolder(path: string): Promise<void> {
    let made = folders.get(path);
    if (made === undefined) {
      made = makeFolder(path);
      folders.set(path, made);
      made.catch(() => folders.delete(path));
    }
    return made;
  }

  async function makeFolder(path: string): Promise<void> {
    const parent = dirname(path);
    if (parent !== pieces) await ensureFolder(parent);
    await mkdir(path, { recursive: true });
    if (durable) await syncDirectory(parent);
  }

  function pathOf(satelliteId: NodeId, pieceId: PieceId): string {
    return join(pieces, satelliteFolder(satelliteId), pieceName(pieceId));
  }

  /** Moves a file out of the trash, if it is on one of its days. */
  async function restore(satelliteId: NodeId, pieceId: PieceId): Promise<boolean> {
    const folder = join(trash, satelliteFolder(satelliteId));
    const path = pathOf(satelliteId, pieceId);
    for (const day of (await namesIn(folder)).reverse()) {
      if (await moveBack(join(folder, day, pieceName(pieceId)), path)) return true;
    }
    return false;
  }

  async function moveBack(from: string, to: string): Promise<boolean> {
    const size = await sizeOf(from);
    if (size === undefined) return false;
    await ensureFolder(dirname(to));
    if (!(await moved(from, to))) return false;
    trashed -= size;
    return true;
  }

  return {
    get usedBytes() {
      return counted ? used + packs.bytes : undefined;
    },
    get trashBytes() {
      return counted ? trashed + packs.trashBytes : undefined;
    },

    writer(satelliteId, pieceId) {
      const path = pathOf(satelliteId, pieceId);
      let isPacked = false;
      const pack = (parts: readonly Uint8Array[]) => {
        isPacked = true;
        return packs.append(satelliteId, pieceId, parts);
      };
      const writer = createPieceWriter({
        ...(packed && { pack }),
        temporaryPath: newTemporaryPath(),
        async finalPath() {
          await ensureFolder(dirname(path));
          written?.add(path);
          return path;
        },
        ...(durable && { syncName: (named: string) => syncDirectory(dirname(named)) }),
      });
      return {
        get size() {
          return writer.size;
        },
        write: writer.write,
        abort: writer.abort,
        async commit(header) {
          await writer.commit(header);
          if (isPacked) return;
          used += pieceFileSize(writer.size);
          await packs.remove(satelliteId, pieceId);
        },
      };
    },

    async reader(satelliteId, pieceId) {
      const inPack = packs.find(satelliteId, pieceId);
      if (inPack !== undefined) {
        try {
          const piece = await openPiece(inPack.path, inPack);
          return { ...piece, restored: await packs.setTrashed(satelliteId, pieceId, undefined) };
        } catch (error) {
          // It may just have got a file of its own.
          if (!isPosternError(error, "not-found")) throw error;
        }
      }
      const path = pathOf(satelliteId, pieceId);
      try {
        return { ...(await openPiece(path)), restored: false };
      } catch (error) {
        if (!isPosternError(error, "not-found") || !(await restore(satelliteId, pieceId))) throw error;
      }
      return { ...(await openPiece(path)), restored: true };
    },

    async delete(satelliteId, pieceId) {
      // A crash may have left it in both.
      const wasPacked = await packs.remove(satelliteId, pieceId);
      return (await deleteFile(pathOf(satelliteId, pieceId))) || wasPacked;
    },

    async *list(satelliteId) {
      yield* packs.list(satelliteId, { inTrash: false });
      const folder = join(pieces, satelliteFolder(satelliteId));
      for (const name of await namesIn(folder)) {
        for await (const entry of await opendir(join(folder, name))) {
          const pieceId = pieceOfFile(entry.name);
          if (pieceId !== undefined && packs.find(satelliteId, pieceId) === undefined) yield pieceId;
        }
      }
    },

    async storedAt(satelliteId, pieceId) {
      const packed = packs.find(satelliteId, pieceId);
      if (packed !== undefined) return packed.storedAt;
      const file = await statOf(pathOf(satelliteId, pieceId));
      // `unpackTo` gives it as seconds.
      return file === undefined ? undefined : Math.round(file.mtimeMs);
    },

    async trash(satelliteId, pieceId, nowMs) {
      const day = dayOf(nowMs);
      if (await packs.setTrashed(satelliteId, pieceId, day)) return true;
      const from = pathOf(satelliteId, pieceId);
      const size = await sizeOf(from);
      if (size === undefined) return false;
      const to = trashPath(satelliteId, pieceId, day);
      await mkdir(dirname(to), { recursive: true });
      if (!(await moved(from, to))) return false;
      trashed += size;
      return true;
    },

    async restoreTrash(satelliteId, signal) {
      const folder = join(trash, satelliteFolder(satelliteId));
      let count = 0;
      for (const pieceId of packs.list(satelliteId, { inTrash: true })) {
        signal?.throwIfAborted();
        if (await packs.setTrashed(satelliteId, pieceId, undefined)) count++;
      }
      for (const day of await namesIn(folder)) {
        for await (const path of filesBelow(join(folder, day))) {
          signal?.throwIfAborted();
          const pieceId = pieceOfFile(path.slice(path.lastIndexOf("/") + 1));
          if (pieceId !== undefined && (await moveBack(path, pathOf(satelliteId, pieceId)))) count++;
        }
        await removeEmpty(join(folder, day));
      }
      return count;
    },

    async emptyTrash(beforeMs, signal) {
      let count = await packs.emptyTrash(dayOf(beforeMs), signal);
      const last = dayFolder(dayOf(beforeMs));
      for (const satellite of await namesIn(trash)) {
        for (const day of await namesIn(join(trash, satellite))) {
          if (day >= last) continue;
          const folder = join(trash, satellite, day);
          for await (const path of filesBelow(folder)) {
            signal?.throwIfAborted();
            const size = await sizeOf(path);
            if (size === undefined || !(await found(unlink(path)))) continue;
            used -= size;
            trashed -= size;
            count++;
          }
          await removeEmpty(folder);
        }
      }
      return count;
    },

    async countUsed(signal) {
      const inTrash = await bytesBelow(trash, signal, written);
      const inUse = await bytesBelow(pieces, signal, written);
      written = undefined;
      used += inTrash + inUse;
      trashed += inTrash;
      counted = true;
    },

    settled: () => packs.settled(),
    close: () => packs.close(),
  };
}
