import type { LostPieces } from "../data/lost-pieces.js";
import type { NodeRecord } from "../data/nodes.js";
import { decodePieces, type Piece } from "../data/pieces.js";
import type { NodeDirectory } from "../nodes/directory.js";
import type { ScannedSegment } from "./segment-scan.js";

export interface HeldPiece extends Piece {
  readonly node: NodeRecord;
}

/** How the pieces of a segment are. */
export interface SegmentHealth {
  /** On nodes that are there. */
  readonly healthy: readonly HeldPiece[];
  /** On nodes that may come back. */
  readonly offline: readonly HeldPiece[];
  /** On nodes that were forgotten, disqualified, or left; or that say they have lost them. */
  readonly gone: readonly Piece[];
}

export function segmentHealth(
  segment: ScannedSegment,
  directory: NodeDirectory,
  lost: LostPieces | undefined,
): SegmentHealth {
  const healthy: HeldPiece[] = [];
  const offline: HeldPiece[] = [];
  const gone: Piece[] = [];
  for (const piece of decodePieces(segment.pieces)) {
    const node = directory.get(piece.nodeId);
    if (node === undefined || node.disqualified !== null || node.exitFinishedAt !== null) gone.push(piece);
    else if (lost?.has(segment.rootPieceId, piece)) gone.push(piece);
    else if (directory.isOnline(node)) healthy.push({ ...piece, node });
    else offline.push({ ...piece, node });
  }
  return { healthy, offline, gone };
}

/** Fewer pieces than it takes to read it. It may become readable again when nodes come back. */
export function isLost(segment: ScannedSegment, { healthy }: SegmentHealth): boolean {
  return healthy.length < segment.required;
}

/**
 * At or below the repair threshold; or below the optimal count with pieces on nodes that never come back. The second
 * is not what large networks do, where a piece or two less is nothing: on ten nodes it is a tenth of all.
 */
export function needsRepair(segment: ScannedSegment, { healthy, gone }: SegmentHealth): boolean {
  return healthy.length <= segment.repair || (gone.length > 0 && healthy.length < segment.optimal);
}
