import { ObjectStatus } from "../data/object-status.js";
import { pruneWindows } from "../data/settlements.js";
import { microsOfMillis } from "../data/times.js";
import type { Database } from "../db/queries.js";
import type { SatelliteTimes } from "../options.js";

/** Rows deleted in one transaction, and transactions in one run: clients' writes go on in between. */
const batchSize = 100;
const maxBatches = 100;
/** Microseconds that settled windows are remembered: limits live for a day, nodes settle within two. */
const settledKept = 30 * 86_400_000_000;

export interface Cleanup {
  start(): void;
  /** One run now. Returns how many objects and uploads went away. */
  run(): Promise<number>;
  /** Stops and waits for a run that is under way. */
  stop(): Promise<void>;
}

const expiredSql = `DELETE FROM objects WHERE stream_id IN (
  SELECT stream_id FROM objects WHERE expires_at IS NOT NULL AND expires_at <= ? LIMIT ?)`;

/** An upload whose time is up goes unless a segment of it came in lately (satellite/metabase/delete_zombies.go). */
const zombiesSql = `DELETE FROM objects WHERE stream_id IN (
  SELECT stream_id FROM objects
  WHERE zombie_deletion_deadline IS NOT NULL AND zombie_deletion_deadline <= ? AND status = ${ObjectStatus.Pending}
    AND NOT EXISTS (
      SELECT 1 FROM segments WHERE segments.stream_id = objects.stream_id AND segments.created_at > ?)
  LIMIT ?)`;

/** Removes expired objects and uploads that nobody finishes. Their pieces are left to garbage collection. */
export function createCleanup(db: Database, times: SatelliteTimes, now: () => number): Cleanup {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<number> | undefined;
  let stopped = false;

  async function removeAll(remove: () => Promise<number>): Promise<number> {
    let total = 0;
    for (let i = 0; i < maxBatches && !stopped; i++) {
      const removed = await remove();
      total += removed;
      if (removed < batchSize) break;
    }
    return total;
  }

  async function once(): Promise<number> {
    const at = microsOfMillis(now());
    const idleSince = microsOfMillis(now() - times.zombieMs);
    const expired = await removeAll(() => db.write((tx) => tx.run(expiredSql, [at, batchSize])));
    const zombies = await removeAll(() => db.write((tx) => tx.run(zombiesSql, [at, idleSince, batchSize])));
    await db.write((tx) => pruneWindows(tx, at - settledKept));
    return expired + zombies;
  }

  function run(): Promise<number> {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    run,
    start() {
      if (times.choreIntervalMs === 0) return;
      // A run that fails leaves its rows to the next.
      timer = setInterval(() => void run().catch(() => {}), times.choreIntervalMs).unref();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running?.catch(() => {});
    },
  };
}
