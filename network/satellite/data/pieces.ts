import { PosternError } from "../../../core/errors.js";

/** Which node holds which share of a segment. */
export interface Piece {
  readonly number: number;
  /** 32 bytes. */
  readonly nodeId: Uint8Array;
}

const pieceLength = 2 + 32;

/** For each piece two bytes of number, big-endian, and the node id. */
export function encodePieces(pieces: readonly Piece[]): Uint8Array {
  const out = Buffer.alloc(pieces.length * pieceLength);
  pieces.forEach((piece, i) => {
    out.writeUInt16BE(piece.number, i * pieceLength);
    out.set(piece.nodeId, i * pieceLength + 2);
  });
  return out;
}

export function decodePieces(bytes: Uint8Array): Piece[] {
  if (bytes.length % pieceLength !== 0) throw new PosternError("corrupt-data", "a segment's list of pieces is damaged");
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length; at += pieceLength) {
    pieces.push({ number: bytes[at]! * 256 + bytes[at + 1]!, nodeId: bytes.subarray(at + 2, at + pieceLength) });
  }
  return pieces;
}
