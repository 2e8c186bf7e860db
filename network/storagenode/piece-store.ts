import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeBase32 } from "../../core/bytes/base32.js";
import { toHex } from "../../core/bytes/bytes.js";
import type { NodeId } from "../../core/identity/node-id.js";
import type { PieceId } from "../../core/identity/piece-id.js";
import type { PieceHeader } from "../../proto/gen/piecestore.js";
import { createDirectorySync } from "./directory-sync.js";
import { diskError } from "./errors.js";
import { decodeFooter, footerSize } from "./piece-file.js";
import { createPieceWriter, type PieceWriter } from "./piece-writer.js";

/** One stored piece, open. */
export interface PieceReader {
  /** Bytes of the piece. */
  readonly size: number;
  /** Exactly these bytes; they must be within the piece. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** What the piece came with. */
  header(): Promise<PieceHeader>;
  close(): Promise<void>;
}

export interface PieceStore {
  writer(satelliteId: NodeId, pieceId: PieceId): PieceWriter;
  /** Rejects with status 5 when the piece is not here. */
  reader(satelliteId: NodeId, pieceId: PieceId): Promise<PieceReader>;
  /** Bytes of all piece files; counted at the start when asked to, and kept up to date. */
  readonly usedBytes: number;
}

export interface PieceStoreOptions {
  readonly dir: string;
  /** Pieces outlive a crash of the machine once they are committed. */
  readonly durable: boolean;
  /** Looks at all files at the start, so that `usedBytes` is right. */
  readonly countUsed: boolean;
}

/**
 * Pieces as files: pieces/SATELLITE/XX/PIECE.piece, the ids in base32 and XX the first byte of the piece's, so that
 * folders stay small: 256 of them, as making many costs more than having some thousand files in each. Unfinished
 * pieces are in temp/, which is emptied at the start.
 */
export async function openPieceStore({ dir, durable, countUsed }: PieceStoreOptions): Promise<PieceStore> {
  const pieces = join(dir, "pieces");
  const temporary = join(dir, "temp");
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await mkdir(pieces, { recursive: true });
  const session = randomBytes(6).toString("hex");
  const syncDirectory = createDirectorySync();
  const folders = new Map<string, Promise<void>>();
  let counter = 0;
  let usedBytes = countUsed ? await bytesBelow(pieces) : 0;

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
    const satellite = encodeBase32(satelliteId).toLowerCase();
    return join(pieces, satellite, toHex(pieceId.subarray(0, 1)), `${encodeBase32(pieceId).toLowerCase()}.piece`);
  }

  return {
    get usedBytes() {
      return usedBytes;
    },

    writer(satelliteId, pieceId) {
      const path = pathOf(satelliteId, pieceId);
      const writer = createPieceWriter({
        temporaryPath: join(temporary, `${session}-${counter++}`),
        async finalPath() {
          await ensureFolder(dirname(path));
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
          usedBytes += writer.size + footerSize;
        },
      };
    },

    reader: (satelliteId, pieceId) => openPiece(pathOf(satelliteId, pieceId)),
  };
}

async function openPiece(path: string): Promise<PieceReader> {
  const file = await open(path, "r").catch((cause) => {
    throw diskError(cause);
  });
  try {
    const size = (await file.stat()).size - footerSize;
    if (size < 0) throw new Error("piece file too short");

    async function readAt(offset: number, length: number): Promise<Uint8Array> {
      const buffer = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw diskError(new Error("piece file cut short"));
        done += bytesRead;
      }
      return buffer;
    }

    return {
      size,
      read: readAt,
      header: async () => decodeFooter(await readAt(size, footerSize)),
      close: () => file.close(),
    };
  } catch (cause) {
    await file.close();
    throw diskError(cause);
  }
}

async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(path);
    else bytes += (await stat(path)).size;
  }
  return bytes;
}
