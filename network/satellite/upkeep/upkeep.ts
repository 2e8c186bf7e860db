import { PosternError } from "../../../core/errors.js";
import { createPool } from "../../../core/rpc/pool.js";
import type { Transport } from "../../../core/rpc/transport.js";
import { type BucketUsage, bucketUsage } from "../data/settlements.js";
import { microsOfMillis, monthStart } from "../data/times.js";
import type { SatelliteTimes } from "../options.js";
import { type AuditRound, auditRound } from "./audit.js";
import { collectGarbage, type GarbageRound } from "./garbage.js";
import { type NetworkHealth, networkHealth } from "./health.js";
import { type RepairRound, repairRound } from "./repair.js";
import { createReputations } from "./reputations.js";
import type { UpkeepParts } from "./upkeep-parts.js";

/** The jobs that keep a network in order. Each also runs by itself every now and then. */
export interface Upkeep {
  /** Repairs what needs it, now. */
  repair(): Promise<RepairRound>;
  /** Tells the nodes which pieces are garbage, now. */
  collectGarbage(): Promise<GarbageRound>;
  /** Audits some random segments, now; 3 when absent. */
  audit(segments?: number): Promise<AuditRound>;
  health(): Promise<NetworkHealth>;
  /** What the buckets of a project hold, and what nodes have settled for downloads of them this month. */
  usage(projectId: Uint8Array): Promise<BucketUsage[]>;
}

export interface RunningUpkeep extends Upkeep {
  start(): void;
  /** Calls off what runs, and waits for its end. */
  stop(): Promise<void>;
}

const auditedSegments = 3;
const stallTimeoutMs = 30_000;

export function createUpkeep(
  init: Omit<UpkeepParts, "connections" | "stallTimeoutMs"> & { readonly transport: Transport },
): RunningUpkeep {
  const { times } = init.config;
  const pool = createPool({ transport: init.transport, perPeer: 2 });
  const parts: UpkeepParts = { ...init, connections: pool, stallTimeoutMs };
  const reputations = createReputations(parts);
  const stopped = new AbortController();
  const { signal } = stopped;
  const running = new Set<Promise<unknown>>();
  const timers: NodeJS.Timeout[] = [];

  /** One round at a time; who asks meanwhile gets that round's result. */
  function job<A extends unknown[], T>(work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    let current: Promise<T> | undefined;
    return (...args) => {
      if (signal.aborted) return Promise.reject(new PosternError("unavailable", "the satellite stops"));
      if (current !== undefined) return current;
      const round = work(...args).finally(() => {
        current = undefined;
        running.delete(round);
      });
      current = round;
      running.add(round);
      return round;
    };
  }

  const repair = job(() => repairRound(parts, signal));
  const garbage = job(() => collectGarbage(parts, signal));
  const audit = job((segments: number = auditedSegments) => auditRound(parts, reputations, segments, signal));

  function every(interval: keyof SatelliteTimes, work: () => Promise<unknown>, what: string): void {
    if (times[interval] === 0) return;
    const onError = (error: unknown) => {
      if (!signal.aborted) init.onProblem(`${what} failed`, error);
    };
    timers.push(setInterval(() => void work().catch(onError), times[interval]).unref());
  }

  return {
    repair,
    collectGarbage: garbage,
    audit,
    health: () => networkHealth(parts, reputations),
    usage: (projectId) => bucketUsage(init.db.read, projectId, microsOfMillis(monthStart(init.now()))),
    start() {
      every("repairIntervalMs", repair, "repair");
      every("gcIntervalMs", garbage, "garbage collection");
      every("auditIntervalMs", audit, "an audit");
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      stopped.abort(new PosternError("canceled", "the satellite stops"));
      await Promise.allSettled(running);
      await pool.close();
    },
  };
}
