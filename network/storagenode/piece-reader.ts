import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { equalBytes } from "../../core/bytes/bytes.js";
import { isPosternError, PosternError } from "../../core/errors.js";
import { createPieceHasher } from "../../core/segment/piece-hash.js";
import type { PieceHeader } from "../../proto/gen/piecestore.js";
import { diskError } from "./errors.js";
import { checkedBlockSize, decodeFooter, footerReadSize, type PieceFooter } from "./piece-file.js";

/** One stored piece, open. Everything that is not as it was written rejects with `corrupt-data`. */
export interface PieceReader {
  /** Bytes of the piece. */
  readonly size: number;
  /** What the piece came with. */
  readonly header: PieceHeader;
  /** Exactly these bytes, which must be within the piece, checked against the checksums of their blocks. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Reads all of the piece and compares with the hash that its uplink signed. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

const verifyReadSize = 4 * checkedBlockSize;

/**
 * Opens a piece file, or what one would hold at a place in another file. Rejects with status 5 when there is no such
 * file.
 */
export async function openPiece(path: string, place?: { offset: number; size: number }): Promise<PieceReader> {
  const file = await open(path, "r").catch((cause) => {
    throw diskError(cause);
  });
  try {
    const { offset, size } = place ?? { offset: 0, size: (await file.stat()).size };
    const end = footerReadSize(size);
    const footer = decodeFooter(await readExactly(file, offset + size - end, end), size);
    return readerOf(file, offset, footer);
  } catch (cause) {
    await file.close();
    throw isPosternError(cause) ? cause : diskError(cause);
  }
}

function readerOf(file: FileHandle, base: number, { size, header, checksums }: PieceFooter): PieceReader {
  async function read(offset: number, length: number): Promise<Uint8Array> {
    if (checksums === undefined) return readExactly(file, base + offset, length);
    const first = Math.floor(offset / checkedBlockSize);
    const start = first * checkedBlockSize;
    const end = Math.min(size, Math.ceil((offset + length) / checkedBlockSize) * checkedBlockSize);
    const blocks = await readExactly(file, base + start, end - start);
    for (let index = first, at = 0; at < blocks.length; index++, at += checkedBlockSize) {
      if (crc32(blocks.subarray(at, at + checkedBlockSize)) !== checksums[index]) throw corrupt();
    }
    return blocks.subarray(offset - start, offset - start + length);
  }

  return {
    size,
    header,
    read,
    async verify() {
      const hasher = createPieceHasher(header.hashAlgorithm === 1 ? 1 : 0);
      for (let at = 0; at < size; at += verifyReadSize) {
        hasher.update(await read(at, Math.min(verifyReadSize, size - at)));
      }
      if (!equalBytes(hasher.digest(), header.hash)) throw corrupt();
    },
    close: () => file.close(),
  };
}

/** The bytes at a place of a file, or `corrupt-data` when it ends before. */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done).catch((cause) => {
      throw diskError(cause);
    });
    if (bytesRead === 0) throw corrupt();
    done += bytesRead;
  }
  return buffer;
}

function corrupt(): PosternError {
  return new PosternError("corrupt-data", "the piece is damaged");
}
