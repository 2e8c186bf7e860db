import { loadLostPieces } from "../data/lost-pieces.js";
import { type RepairResult, repairSegment } from "./repair-segment.js";
import { isLost, needsRepair, segmentHealth } from "./segment-health.js";
import { remoteSegments } from "./segment-scan.js";
import type { UpkeepParts } from "./upkeep-parts.js";

/** What a round of repair found and did, in segments. */
export interface RepairRound {
  readonly checked: number;
  readonly repaired: number;
  /** Can not be read now. */
  readonly lost: number;
  /** Needed repair, and still do. */
  readonly failed: number;
}

/** Looks at every segment and repairs those that need it, one after the other. */
export async function repairRound(parts: UpkeepParts, signal: AbortSignal): Promise<RepairRound> {
  const counts = { checked: 0, repaired: 0, lost: 0, failed: 0, changed: 0 };
  const lost = await loadLostPieces(parts.db.read);
  for await (const segment of remoteSegments(parts.db.read)) {
    signal.throwIfAborted();
    counts.checked++;
    const health = segmentHealth(segment, parts.directory, lost);
    if (isLost(segment, health)) counts.lost++;
    else if (needsRepair(segment, health)) counts[await repairOne(parts, segment, health, signal)]++;
  }
  const { changed: _, ...round } = counts;
  return round;
}

async function repairOne(...[parts, segment, health, signal]: Parameters<typeof repairSegment>): Promise<RepairResult> {
  try {
    return await repairSegment(parts, segment, health, signal);
  } catch (error) {
    signal.throwIfAborted();
    parts.onProblem("a segment could not be repaired", error);
    return "failed";
  }
}
