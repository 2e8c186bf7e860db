import { crc32 } from "node:zlib";
import { PosternError } from "../../core/errors.js";
import { PieceHeader, PieceHeader_FormatVersion } from "../../proto/gen/piecestore.js";

/*
 * A piece file: the piece's bytes as the uplink sent them, checksums, then a footer of fixed size. The footer's size
 * being fixed, a reader knows the piece's length from the file's, and a writer knows the header only when all bytes
 * have gone by.
 *
 *   bytes | CRC-32 of each 64 KiB of them (4 each, big-endian) | footer
 *   footer: length (2, big-endian) | PieceHeader | zeros | CRC-32 (4) of checksums and footer up to here | magic (8)
 *
 * Files of the first version, which are still read, have no checksums of either kind.
 */

/** Bytes of the footer. */
export const footerSize = 1024;

/** Bytes that share a checksum: what is read at least. */
export const checkedBlockSize = 64 * 1024;

const firstMagic = Buffer.from("\u0000piece1\n", "latin1");
const magic = Buffer.from("\u0000piece2\n", "latin1");
const checksumSize = 4;
const maxHeaderSize = footerSize - 2 - checksumSize - magic.length;

/** Bytes that a file with a piece of this size takes. */
export function pieceFileSize(pieceSize: number): number {
  return pieceSize + Math.ceil(pieceSize / checkedBlockSize) * checksumSize + footerSize;
}

/** Checksums of the blocks of a piece whose bytes go by. */
export interface BlockChecksums {
  update(data: Uint8Array): void;
  /** One for each block, the last of which may be short. */
  finish(): readonly number[];
}

export function createBlockChecksums(): BlockChecksums {
  const checksums: number[] = [];
  let current = 0;
  let filled = 0;
  return {
    update(data) {
      for (let rest = data; rest.length > 0; ) {
        const part = rest.subarray(0, checkedBlockSize - filled);
        current = crc32(part, current);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (filled < checkedBlockSize) continue;
        checksums.push(current);
        current = 0;
        filled = 0;
      }
    },
    finish: () => (filled > 0 ? [...checksums, current] : checksums),
  };
}

/** What follows the piece in its file. Throws `internal` for a header that no order limit of a sane satellite makes. */
export function encodeFooter(header: PieceHeader, checksums: readonly number[]): Uint8Array {
  const body = PieceHeader.encode({ ...header, formatVersion: PieceHeader_FormatVersion.FORMAT_V1 }).finish();
  if (body.length > maxHeaderSize) throw new PosternError("internal", "piece header too large");
  const tail = Buffer.alloc(checksums.length * checksumSize + footerSize);
  checksums.forEach((checksum, index) => {
    tail.writeUInt32BE(checksum, index * checksumSize);
  });
  const start = tail.length - footerSize;
  tail.writeUInt16BE(body.length, start);
  tail.set(body, start + 2);
  const end = tail.length - magic.length - checksumSize;
  tail.writeUInt32BE(crc32(tail.subarray(0, end)), end);
  tail.set(magic, tail.length - magic.length);
  return tail;
}

export interface PieceFooter {
  /** Bytes of the piece. */
  readonly size: number;
  readonly header: PieceHeader;
  /** One for each block; none in files of the first version. */
  readonly checksums: readonly number[] | undefined;
}

/** How many bytes of a file's end `decodeFooter` wants. */
export function footerReadSize(fileSize: number): number {
  return Math.min(fileSize, footerSize + blockCount(fileSize) * checksumSize);
}

/** @param end the last `footerReadSize` bytes of the file. Throws `corrupt-data` for what no version writes. */
export function decodeFooter(end: Uint8Array, fileSize: number): PieceFooter {
  const bytes = Buffer.from(end.buffer, end.byteOffset, end.byteLength);
  if (bytes.length < footerSize) throw damaged();
  const footer = bytes.subarray(-footerSize);
  const isFirst = footer.subarray(-firstMagic.length).equals(firstMagic);
  if (isFirst) return { size: fileSize - footerSize, header: decodeHeader(footer), checksums: undefined };
  const count = blockCount(fileSize);
  const size = fileSize - footerSize - count * checksumSize;
  const tail = bytes.subarray(-footerSize - count * checksumSize);
  if (!footer.subarray(-magic.length).equals(magic) || size < 0 || Math.ceil(size / checkedBlockSize) !== count) {
    throw damaged();
  }
  const checked = tail.length - magic.length - checksumSize;
  if (crc32(tail.subarray(0, checked)) !== tail.readUInt32BE(checked)) throw damaged();
  const checksums = Array.from({ length: count }, (_, index) => tail.readUInt32BE(index * checksumSize));
  return { size, header: decodeHeader(footer), checksums };
}

function decodeHeader(footer: Buffer): PieceHeader {
  const length = footer.readUInt16BE();
  if (length > footerSize - 2 - magic.length) throw damaged();
  try {
    return PieceHeader.decode(footer.subarray(2, 2 + length));
  } catch (cause) {
    throw damaged(cause);
  }
}

/** Blocks of the piece in a file of this size. */
function blockCount(fileSize: number): number {
  return Math.ceil(Math.max(0, fileSize - footerSize) / (checkedBlockSize + checksumSize));
}

function damaged(cause?: unknown): PosternError {
  return new PosternError("corrupt-data", "damaged piece file", { cause });
}
