import { appendFile, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "../../core/identity/node-id.js";
import { type PieceId, pieceIdSize } from "../../core/identity/piece-id.js";
import { satelliteFolder, satelliteOfFolder } from "./piece-paths.js";

/** Some pieces that expire in the same hour. */
export interface ExpiredPieces {
  readonly satelliteId: NodeId;
  readonly pieceIds: readonly PieceId[];
  /** Forgets them. Once all of an hour are forgotten, its file is gone. */
  done(): Promise<void>;
}

/** Knows which pieces expire when. */
export interface Expirations {
  add(satelliteId: NodeId, pieceId: PieceId, expiresAtMs: number): Promise<void>;
  /** Those of hours that were over at `beforeMs`, oldest first, at most `batch` at a time. */
  due(beforeMs: number, batch: number): AsyncIterable<ExpiredPieces>;
}

const hourMs = 3_600_000;

/**
 * One file for each satellite and hour, as the real node has them: expirations/SATELLITE/YYYY-MM-DD_HH.dat
 * (storj/storj storagenode/pieces/pieceexpiration.go), with nothing but the ids of pieces. They are not synced:
 * what a crash of the machine takes from them, garbage collection deletes later.
 */
export async function openExpirations(dir: string): Promise<Expirations> {
  const root = join(dir, "expirations");
  await mkdir(root, { recursive: true });
  /** Files that are known to hold whole ids, and the appends to each, one after the other. */
  const files = new Map<string, Promise<void>>();

  async function prepare(folder: string, path: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    // A crash may have cut the last id: it is filled up, and names no piece.
    if (size % pieceIdSize !== 0) await appendFile(path, new Uint8Array(pieceIdSize - (size % pieceIdSize)));
  }

  return {
    async add(satelliteId, pieceId, expiresAtMs) {
      const folder = join(root, satelliteFolder(satelliteId));
      const path = join(folder, fileName(expiresAtMs));
      const before = files.get(path) ?? prepare(folder, path);
      const appended = before.then(() => appendFile(path, pieceId));
      files.set(path, appended);
      try {
        await appended;
      } catch (error) {
        if (files.get(path) === appended) files.delete(path);
        throw error;
      }
    },

    async *due(beforeMs, batch) {
      for (const name of await readdir(root)) {
        const satelliteId = satelliteOfFolder(name);
        if (satelliteId === undefined) continue;
        for (const file of (await readdir(join(root, name))).sort()) {
          const hour = hourOf(file);
          if (hour === undefined || hour + hourMs > beforeMs) continue;
          const path = join(root, name, file);
          // What is added from here on is lost with the file: such late pieces are garbage collection's as well.
          await files.get(path)?.catch(() => undefined);
          files.delete(path);
          yield* batchesOf(satelliteId, path, batch);
        }
      }
    },
  };
}

/** The last ones of the file first, so that what is done can be cut off. */
async function* batchesOf(satelliteId: NodeId, path: string, batch: number): AsyncGenerator<ExpiredPieces> {
  const file = await open(path, "r+");
  try {
    let count = Math.floor((await file.stat()).size / pieceIdSize);
    while (count > 0) {
      const start = Math.max(0, count - batch);
      const bytes = new Uint8Array((count - start) * pieceIdSize);
      await file.read(bytes, 0, bytes.length, start * pieceIdSize);
      const pieceIds = Array.from({ length: count - start }, (_, index) =>
        bytes.subarray(index * pieceIdSize, (index + 1) * pieceIdSize),
      );
      yield { satelliteId, pieceIds, done: () => file.truncate(start * pieceIdSize) };
      count = start;
    }
    if ((await file.stat()).size === 0) await unlink(path);
  } finally {
    await file.close();
  }
}

/** "2006-01-02_15.dat": the hour in UTC. */
function fileName(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 13).replace("T", "_")}.dat`;
}

function hourOf(name: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})_(\d{2})\.dat$/.exec(name);
  const time = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}:00:00Z`);
  return Number.isNaN(time) ? undefined : time;
}
