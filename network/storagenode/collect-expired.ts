import type { Expirations } from "./expirations.js";
import type { PieceStore } from "./piece-store.js";

/** As the real node (storj/storj storagenode/collector): clocks differ, and an early deletion is a lost piece. */
const graceMs = 3_600_000;
const batchSize = 1000;
/** Pieces that one round deletes, so that others who use the disk get their turn. */
const roundSize = 10_000;

/** Deletes pieces whose time is over. Resolves to how many, and whether some are left for another round. */
export async function collectExpired(
  { store, expirations, now }: { store: PieceStore; expirations: Expirations; now: () => number },
  signal: AbortSignal,
): Promise<{ deleted: number; more: boolean }> {
  let deleted = 0;
  let looked = 0;
  for await (const { satelliteId, pieceIds, done } of expirations.due(now() - graceMs, batchSize)) {
    for (const pieceId of pieceIds) {
      signal.throwIfAborted();
      if (await store.delete(satelliteId, pieceId)) deleted++;
    }
    await done();
    looked += pieceIds.length;
    if (looked >= roundSize) return { deleted, more: true };
  }
  return { deleted, more: false };
}
