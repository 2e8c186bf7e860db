import type { NodeId } from "../../core/identity/node-id.js";
import type { PieceId } from "../../core/identity/piece-id.js";

/** Values by satellite and piece, in little memory: ids are kept as strings of a byte a character. */
export interface PackIndex<T> {
  get(satelliteId: NodeId, pieceId: PieceId): T | undefined;
  set(satelliteId: NodeId, pieceId: PieceId, value: T): void;
  delete(satelliteId: NodeId, pieceId: PieceId): void;
  /** The pieces of a satellite as they are now: changes do not show. */
  pieces(satelliteId: NodeId): PieceId[];
  /** Those that are chosen, as they are when the iteration comes to them. */
  entries(
    chosen: (value: T) => boolean,
  ): Iterable<{ readonly satelliteId: NodeId; readonly pieceId: PieceId; readonly value: T }>;
}

export function createPackIndex<T>(): PackIndex<T> {
  const satellites = new Map<string, Map<string, T>>();
  return {
    get: (satelliteId, pieceId) => satellites.get(keyOf(satelliteId))?.get(keyOf(pieceId)),
    set(satelliteId, pieceId, value) {
      const key = keyOf(satelliteId);
      const pieces = satellites.get(key) ?? new Map<string, T>();
      satellites.set(key, pieces);
      pieces.set(keyOf(pieceId), value);
    },
    delete: (satelliteId, pieceId) => void satellites.get(keyOf(satelliteId))?.delete(keyOf(pieceId)),
    pieces: (satelliteId) => [...(satellites.get(keyOf(satelliteId))?.keys() ?? [])].map(idOf),
    *entries(chosen) {
      for (const [satellite, pieces] of satellites) {
        for (const [piece, value] of pieces)
          if (chosen(value)) yield { satelliteId: idOf(satellite), pieceId: idOf(piece), value };
      }
    },
  };
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
}

function idOf(key: string): Uint8Array {
  return Uint8Array.from(Buffer.from(key, "latin1"));
}
