import type { NodeId } from "../../core/identity/node-id.js";
import { type Chore, startChore } from "./chore.js";
import { collectExpired } from "./collect-expired.js";
import type { Expirations } from "./expirations.js";
import type { CompleteOptions } from "./options.js";
import type { PieceStore } from "./piece-store.js";
import type { RetainQueue } from "./retain.js";
import { type Settled, type SettlementParts, settleOrders } from "./settlement.js";

/** What a node does with its folder by itself. */
export interface Upkeep {
  readonly collect: Chore;
  readonly retain: Chore;
  readonly emptyTrash: Chore;
  readonly settle: Chore;
  readonly counts: { expired: number; restored: number; settled: Settled };
  restoreTrash(satelliteId: NodeId): void;
  stop(): Promise<void>;
}

export interface UpkeepParts extends SettlementParts {
  readonly store: PieceStore;
  readonly expirations: Expirations;
  readonly retainQueue: RetainQueue;
  readonly options: CompleteOptions;
  /** Nothing is moved or deleted before. */
  readonly ready: Promise<unknown>;
  /** Hears that pieces were deleted. */
  readonly onFreed: () => void;
}

/** Looks at filters as they come, and now and then in case one failed. */
const retainIntervalMs = 3_600_000;

export function startUpkeep(parts: UpkeepParts): Upkeep {
  const { store, retainQueue, options, ready, now } = parts;
  const counts = { expired: 0, restored: 0, settled: { accepted: 0, rejected: 0 } };
  const toRestore = new Map<string, NodeId>();
  /** Moving to the trash, out of it and emptying it take turns. */
  let lastMove: Promise<unknown> = ready;

  function inTurn<T>(move: () => Promise<T>): Promise<T> {
    const result = lastMove.then(move, move);
    lastMove = result.catch(() => undefined);
    return result;
  }

  function chore(what: string, intervalMs: number, work: (signal: AbortSignal) => Promise<boolean | undefined>): Chore {
    return startChore({ work, intervalMs, onProblem: (error) => options.onProblem(`${what} failed`, error) });
  }

  const chores = {
    collect: chore("deleting expired pieces", options.collectIntervalMs, async (signal) => {
      await ready;
      const { deleted, more } = await collectExpired(parts, signal);
      counts.expired += deleted;
      if (deleted > 0) parts.onFreed();
      return more;
    }),
    retain: chore("garbage collection", retainIntervalMs, (signal) =>
      inTurn(async () => {
        for (const [key, satelliteId] of toRestore) {
          counts.restored += await store.restoreTrash(satelliteId, signal);
          toRestore.delete(key);
        }
        await retainQueue.run(signal);
        return false;
      }),
    ),
    emptyTrash: chore("emptying the trash", options.trashIntervalMs, (signal) =>
      inTurn(async () => {
        if ((await store.emptyTrash(now() - options.trashKeptMs, signal)) > 0) parts.onFreed();
        return false;
      }),
    ),
    settle: chore("the settlement of orders", options.settleIntervalMs, async (signal) => {
      const { accepted, rejected } = await settleOrders(parts, signal);
      counts.settled = {
        accepted: counts.settled.accepted + accepted,
        rejected: counts.settled.rejected + rejected,
      };
      return false;
    }),
  };

  return {
    ...chores,
    counts,
    restoreTrash(satelliteId) {
      toRestore.set(Buffer.from(satelliteId).toString("hex"), satelliteId);
      // Failures are told by the chore's next round, which tries again.
      chores.retain.now().catch((error) => options.onProblem("restoring the trash failed", error));
    },
    async stop() {
      await Promise.all(Object.values(chores).map((one) => one.stop()));
    },
  };
}
