import { join } from "node:path";
import { decodeBase32, encodeBase32 } from "../../core/bytes/base32.js";
import { toHex } from "../../core/bytes/bytes.js";
import { type NodeId, nodeIdSize } from "../../core/identity/node-id.js";
import { type PieceId, pieceIdSize } from "../../core/identity/piece-id.js";

/*
 * Where pieces are: pieces/SATELLITE/XX/PIECE.piece, the ids in base32 and XX the first byte of the piece's, so that
 * folders stay small: 256 of them, as making many costs more than having some thousand files in each. Trashed pieces
 * are in trash/SATELLITE/DAY/XX/PIECE.piece, DAY being the one on which they came there: YYYY-MM-DD.
 */

const suffix = ".piece";

export function satelliteFolder(satelliteId: NodeId): string {
  return encodeBase32(satelliteId).toLowerCase();
}

/** The satellite of a folder, or undefined for other names. */
export function satelliteOfFolder(name: string): NodeId | undefined {
  return idOf(name, nodeIdSize);
}

/** "XX/PIECE.piece". */
export function pieceName(pieceId: PieceId): string {
  return join(toHex(pieceId.subarray(0, 1)), `${encodeBase32(pieceId).toLowerCase()}${suffix}`);
}

/** The piece of a file "PIECE.piece", or undefined for other names. */
export function pieceOfFile(name: string): PieceId | undefined {
  return name.endsWith(suffix) ? idOf(name.slice(0, -suffix.length), pieceIdSize) : undefined;
}

const dayMs = 86_400_000;

/** Days since 1970, in UTC. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / dayMs);
}

/** "YYYY-MM-DD". */
export function dayFolder(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

function idOf(text: string, size: number): Uint8Array | undefined {
  try {
    const id = decodeBase32(text.toUpperCase());
    return id.length === size ? id : undefined;
  } catch {
    return undefined;
  }
}
