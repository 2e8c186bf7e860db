import { type FileHandle, open, rename, rm } from "node:fs/promises";
import type { PieceHeader } from "../../proto/gen/piecestore.js";
import { diskError } from "./errors.js";
import { createBlockChecksums, encodeFooter } from "./piece-file.js";
import { writeAll } from "./write-all.js";

/** Takes the bytes of one piece. Calls must not overlap. */
export interface PieceWriter {
  /** Bytes taken so far. */
  readonly size: number;
  /** Takes the next bytes, which must not change any more; resolves when more may come. */
  write(data: Uint8Array): Promise<void>;
  /** Keeps the piece. When this resolves the piece outlives a crash. */
  commit(header: PieceHeader): Promise<void>;
  /** Leaves nothing behind, unless the piece was committed. Safe at any time. */
  abort(): Promise<void>;
}

export interface PieceWriterOptions {
  /** Takes the bytes of a file that small pieces need not have; left out where each has its own. */
  readonly pack?: (parts: readonly Uint8Array[]) => Promise<void>;
  readonly temporaryPath: string;
  /** Makes the final folder if need be and resolves to the path of the piece. */
  readonly finalPath: () => Promise<string>;
  /** Makes the new name durable; left out where nothing needs to outlive a crash. */
  readonly syncName?: (path: string) => Promise<void>;
}

/** Bytes gathered for one write. A writer holds at most twice as many: those being written, and the next. */
const gatherBytes = 256 * 1024;

/** Bytes below which a piece is packed, and is held until it is whole. */
export const packedPieceBytes = 384 * 1024;

/**
 * Writes to a temporary file, which appears with the first full gathering: uploads that are called off early, as the
 * slowest of a segment always are, never touch the disk.
 */
export function createPieceWriter({ pack, temporaryPath, finalPath, syncName }: PieceWriterOptions): PieceWriter {
  const checksums = createBlockChecksums();
  let size = 0;
  let parts: Uint8Array[] = [];
  let gathered = 0;
  let file: FileHandle | undefined;
  let flushed = false;
  let created = false;
  let writing: Promise<void> | undefined;
  let state: "open" | "committed" | "aborted" = "open";

  /** Starts to write what is gathered; the write before must be over. */
  function flush(): void {
    flushed = true;
    const batch = parts;
    parts = [];
    gathered = 0;
    writing = writeBatch(batch);
    // Whoever waits for it next hears of a failure.
    writing.catch(() => undefined);
  }

  async function writeBatch(batch: Uint8Array[]): Promise<void> {
    if (!created) {
      file = await open(temporaryPath, "wx");
      created = true;
    }
    await writeAll(file!, batch);
  }

  return {
    get size() {
      return size;
    },

    async write(data) {
      checksums.update(data);
      parts.push(data);
      gathered += data.length;
      size += data.length;
      if (gathered < (pack === undefined || flushed ? gatherBytes : packedPieceBytes)) return;
      try {
        await writing;
      } catch (cause) {
        throw diskError(cause);
      }
      flush();
    },

    async commit(header) {
      try {
        parts.push(encodeFooter(header, checksums.finish()));
        if (pack !== undefined && !flushed) {
          await pack(parts);
          state = "committed";
          return;
        }
        await writing;
        flush();
        await writing;
        if (syncName !== undefined) await file!.datasync();
        await closeFile();
        const path = await finalPath();
        await rename(temporaryPath, path);
        state = "committed";
        await syncName?.(path);
      } catch (cause) {
        throw diskError(cause);
      }
    },

    async abort() {
      if (state !== "open") return;
      state = "aborted";
      parts = [];
      await writing?.catch(() => undefined);
      await closeFile().catch(() => undefined);
      if (created) await rm(temporaryPath, { force: true }).catch(() => undefined);
    },
  };

  async function closeFile(): Promise<void> {
    const handle = file;
    file = undefined;
    await handle?.close();
  }
}
