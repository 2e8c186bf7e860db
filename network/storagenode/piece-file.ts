import { PosternError } from "../../core/errors.js";
import { PieceHeader, PieceHeader_FormatVersion } from "../../proto/gen/piecestore.js";

/*
 * A piece file: the piece's bytes as the uplink sent them, then a footer of fixed size. The footer's size being fixed,
 * a reader knows the piece's length from the file's, and a writer knows the header only when all bytes have gone by.
 *
 *   bytes | length (2, big-endian) | PieceHeader | zeros | magic (8)
 */

/** Bytes that a piece file is longer than its piece. */
export const footerSize = 1024;

const magic = Buffer.from("\u0000piece1\n", "latin1");
const maxHeaderSize = footerSize - 2 - magic.length;

/** Throws `internal` for a header that no order limit of a sane satellite makes. */
export function encodeFooter(header: PieceHeader): Uint8Array {
  const body = PieceHeader.encode({ ...header, formatVersion: PieceHeader_FormatVersion.FORMAT_V1 }).finish();
  if (body.length > maxHeaderSize) throw new PosternError("internal", "piece header too large");
  const footer = Buffer.alloc(footerSize);
  footer.writeUInt16BE(body.length);
  footer.set(body, 2);
  footer.set(magic, footerSize - magic.length);
  return footer;
}

/** Throws `corrupt-data` for anything that `encodeFooter` does not write. */
export function decodeFooter(footer: Uint8Array): PieceHeader {
  const bytes = Buffer.from(footer.buffer, footer.byteOffset, footer.byteLength);
  if (bytes.length !== footerSize || !bytes.subarray(-magic.length).equals(magic)) throw damaged();
  const length = bytes.readUInt16BE();
  if (length > maxHeaderSize) throw damaged();
  try {
    return PieceHeader.decode(bytes.subarray(2, 2 + length));
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): PosternError {
  return new PosternError("corrupt-data", "damaged piece file", { cause });
}
