import { microsOfMillis } from "../data/times.js";
import type { Queries } from "../db/queries.js";
import type { AuditOutcome } from "./audit.js";
import type { UpkeepParts } from "./upkeep-parts.js";

/**
 * A node's standing from its audits, as a beta distribution that forgets: each audit takes a thousandth off what was
 * before. A node that always passes has alpha 1000 and beta 0; 41 failures in a row end it.
 * Source: storj/storj satellite/reputation (lambda 0.999, weight 1, disqualification below 0.96).
 */
export interface Reputation {
  readonly successes: number;
  readonly failures: number;
  readonly offline: number;
  readonly unknown: number;
  readonly alpha: number;
  readonly beta: number;
}

export interface Reputations {
  get(nodeId: Uint8Array): Promise<Reputation>;
  /** Counts the outcome of an audit, and disqualifies a node whose standing is used up. */
  note(nodeId: Uint8Array, outcome: AuditOutcome): Promise<void>;
}

const lambda = 0.999;
const leastScore = 0.96;
const fresh: Reputation = { successes: 0, failures: 0, offline: 0, unknown: 0, alpha: 1000, beta: 0 };

const columns = `audit_successes AS "successes", audit_failures AS "failures", audit_offline AS "offline",
  audit_unknown AS "unknown", audit_alpha AS "alpha", audit_beta AS "beta"`;

export function createReputations({ db, directory, now, onProblem }: UpkeepParts): Reputations {
  const find = async (queries: Queries, nodeId: Uint8Array) =>
    (await queries.first<Reputation>(`SELECT ${columns} FROM node_reputations WHERE node_id = ?`, [nodeId])) ?? fresh;

  return {
    get: (nodeId) => find(db.read, nodeId),
    async note(nodeId, outcome) {
      const score = await db.write(async (tx) => {
        const next = after(await find(tx, nodeId), outcome);
        await tx.run(
          `INSERT INTO node_reputations (node_id, audit_successes, audit_failures, audit_offline, audit_unknown,
              audit_alpha, audit_beta, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (node_id) DO UPDATE SET audit_successes = excluded.audit_successes,
              audit_failures = excluded.audit_failures, audit_offline = excluded.audit_offline,
              audit_unknown = excluded.audit_unknown, audit_alpha = excluded.audit_alpha,
              audit_beta = excluded.audit_beta, updated_at = excluded.updated_at`,
          [
            nodeId,
            next.successes,
            next.failures,
            next.offline,
            next.unknown,
            next.alpha,
            next.beta,
            microsOfMillis(now()),
          ],
        );
        return next.alpha / (next.alpha + next.beta);
      });
      if (score >= leastScore || directory.get(nodeId)?.disqualified !== null) return;
      await directory.disqualify(nodeId);
      onProblem("a storage node failed too many audits and is given no more data", undefined);
    },
  };
}

function after(before: Reputation, outcome: AuditOutcome): Reputation {
  switch (outcome) {
    case "success":
      return {
        ...before,
        successes: before.successes + 1,
        alpha: before.alpha * lambda + 1,
        beta: before.beta * lambda,
      };
    case "failure":
      return {
        ...before,
        failures: before.failures + 1,
        alpha: before.alpha * lambda,
        beta: before.beta * lambda + 1,
      };
    case "offline":
      return { ...before, offline: before.offline + 1 };
    case "unknown":
      return { ...before, unknown: before.unknown + 1 };
  }
}
