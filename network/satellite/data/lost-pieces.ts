import { toHex } from "../../../core/bytes/bytes.js";
import { derivePieceId } from "../../../core/identity/piece-id.js";
import type { Queries } from "../db/queries.js";
import type { Piece } from "./pieces.js";
import type { Micros } from "./times.js";

/** Reports that are kept of one node: one that loses more will fail its audits anyway. */
export const maxLostPieces = 100_000;

const addSql = `INSERT INTO lost_pieces (node_id, piece_id, reported_at)
  SELECT ?, ?, ? WHERE (SELECT count(*) FROM lost_pieces WHERE node_id = ?) < ${maxLostPieces}
  ON CONFLICT (node_id, piece_id) DO NOTHING`;

export async function addLostPiece(tx: Queries, nodeId: Uint8Array, pieceId: Uint8Array, now: Micros): Promise<void> {
  await tx.run(addSql, [nodeId, pieceId, now, nodeId]);
}

/** The pieces that nodes reported as damaged, looked up by where segments say they are. */
export interface LostPieces {
  has(rootPieceId: Uint8Array, piece: Piece): boolean;
}

export async function loadLostPieces(db: Queries): Promise<LostPieces> {
  const nodes = new Map<string, Set<string>>();
  type Row = { nodeId: Uint8Array; pieceId: Uint8Array };
  const rows = await db.all<Row>(`SELECT node_id AS "nodeId", piece_id AS "pieceId" FROM lost_pieces`);
  for (const { nodeId, pieceId } of rows) {
    const pieces = nodes.get(toHex(nodeId)) ?? new Set();
    nodes.set(toHex(nodeId), pieces.add(toHex(pieceId)));
  }
  return {
    has(rootPieceId, { nodeId, number }) {
      // Ids cost a hash each, and hardly any node has lost something.
      const lost = nodes.size === 0 ? undefined : nodes.get(toHex(nodeId));
      return lost?.has(toHex(derivePieceId(rootPieceId, nodeId, number))) ?? false;
    },
  };
}

/** A segment does without these pieces from now on. */
export async function forgetLostPieces(tx: Queries, rootPieceId: Uint8Array, pieces: readonly Piece[]): Promise<void> {
  const sql = "DELETE FROM lost_pieces WHERE node_id = ? AND piece_id = ?";
  for (const { nodeId, number } of pieces) await tx.run(sql, [nodeId, derivePieceId(rootPieceId, nodeId, number)]);
}
