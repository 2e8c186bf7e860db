import { toHex } from "../../../core/bytes/bytes.js";
import { loadLostPieces } from "../data/lost-pieces.js";
import { decodePieces } from "../data/pieces.js";
import { pieceSizeOf } from "../data/segment-record.js";
import type { Reputation, Reputations } from "./reputations.js";
import { isLost, needsRepair, segmentHealth } from "./segment-health.js";
import { remoteSegments } from "./segment-scan.js";
import type { UpkeepParts } from "./upkeep-parts.js";

export interface NodeHealth {
  /** 32 bytes. */
  readonly nodeId: Uint8Array;
  readonly address: string;
  readonly online: boolean;
  readonly disqualified: boolean;
  /** Bytes, by its last check-in. */
  readonly freeBytes: number;
  /** Pieces that segments refer to, and their bytes. */
  readonly pieces: number;
  readonly usedBytes: number;
  readonly audits: Reputation;
}

/** Segments on nodes, each counted once but in `total`. */
export interface SegmentsHealth {
  readonly total: number;
  /** With the optimal count of pieces. */
  readonly healthy: number;
  /** Between the repair threshold and the optimal count. */
  readonly degraded: number;
  /** Readable, and due for repair. */
  readonly needRepair: number;
  /** Not readable now. */
  readonly lost: number;
}

export interface NetworkHealth {
  readonly nodes: readonly NodeHealth[];
  readonly segments: SegmentsHealth;
}

/** Looks at every segment, so it takes as long as there are many. */
export async function networkHealth(parts: UpkeepParts, reputations: Reputations): Promise<NetworkHealth> {
  const segments = { total: 0, healthy: 0, degraded: 0, needRepair: 0, lost: 0 };
  const held = new Map<string, { pieces: number; bytes: number }>();
  const lost = await loadLostPieces(parts.db.read);
  for await (const segment of remoteSegments(parts.db.read)) {
    const health = segmentHealth(segment, parts.directory, lost);
    segments.total++;
    if (isLost(segment, health)) segments.lost++;
    else if (needsRepair(segment, health)) segments.needRepair++;
    else if (health.healthy.length < segment.optimal) segments.degraded++;
    else segments.healthy++;
    const pieceSize = pieceSizeOf(segment, segment.encryptedSize);
    for (const { nodeId } of decodePieces(segment.pieces)) {
      const { pieces, bytes } = held.get(toHex(nodeId)) ?? { pieces: 0, bytes: 0 };
      held.set(toHex(nodeId), { pieces: pieces + 1, bytes: bytes + pieceSize });
    }
  }
  const nodes: NodeHealth[] = [];
  for (const node of parts.directory.all()) {
    const { pieces, bytes } = held.get(toHex(node.id)) ?? { pieces: 0, bytes: 0 };
    nodes.push({
      nodeId: node.id,
      address: node.address,
      online: parts.directory.isOnline(node),
      disqualified: node.disqualified !== null,
      freeBytes: node.freeDisk,
      pieces,
      usedBytes: bytes,
      audits: await reputations.get(node.id),
    });
  }
  return { nodes, segments };
}
