import { crc32 } from "node:zlib";
import { type NodeId, nodeIdSize } from "../../core/identity/node-id.js";
import { type PieceId, pieceIdSize } from "../../core/identity/piece-id.js";

/*
 * A record of a pack is a header and what a piece file (piece-file.ts) would hold.
 *
 *   magic (8) | satellite (32) | piece (32) | stored at (8, ms since 1970) | size (4) | CRC-32 (4) of all before
 */

export interface PackRecord {
  readonly satelliteId: NodeId;
  readonly pieceId: PieceId;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** Bytes that follow the header. */
  readonly size: number;
}

export const recordHeaderSize = 88;
export const recordMagic = Buffer.from("\u0000pack1\r\n", "latin1");

export function encodeRecordHeader({ satelliteId, pieceId, storedAt, size }: PackRecord): Uint8Array {
  const header = Buffer.alloc(recordHeaderSize);
  header.set(recordMagic);
  header.set(satelliteId, 8);
  header.set(pieceId, 40);
  header.writeBigUInt64BE(BigInt(Math.floor(storedAt)), 72);
  header.writeUInt32BE(size, 80);
  header.writeUInt32BE(crc32(header.subarray(0, 84)), 84);
  return header;
}

/** Undefined for bytes that do not begin with a whole header. */
export function decodeRecordHeader(bytes: Buffer): PackRecord | undefined {
  if (bytes.length < recordHeaderSize || !bytes.subarray(0, 8).equals(recordMagic)) return undefined;
  if (crc32(bytes.subarray(0, 84)) !== bytes.readUInt32BE(84)) return undefined;
  return {
    satelliteId: Uint8Array.from(bytes.subarray(8, 8 + nodeIdSize)),
    pieceId: Uint8Array.from(bytes.subarray(40, 40 + pieceIdSize)),
    storedAt: Number(bytes.readBigUInt64BE(72)),
    size: bytes.readUInt32BE(80),
  };
}
