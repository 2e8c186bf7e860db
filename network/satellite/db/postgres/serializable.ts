import { setTimeout as delay } from "node:timers/promises";
import { PosternError } from "../../../../core/errors.js";
import { isConstraintError, isLostConnection, sqlState } from "../errors.js";
import type { Queries } from "../queries.js";
import { type PgConnection, pgQueries } from "./connection.js";

/** A transaction that others were in the way of that often is given up. */
const maxAttempts = 50;
const maxPauseMs = 50;
/** A transaction whose connection was lost that often is given up. */
const maxLost = 5;

/**
 * Runs `job` in a transaction that behaves as if there were no others (isolation level SERIALIZABLE), which is what
 * code that was written for a single writer relies on. Where PostgreSQL finds that it can not keep that up it ends
 * one of the transactions, and that one is run again: so a job may run several times, of which the last counts.
 */
export async function serializable<T>(
  lend: <R>(work: (connection: PgConnection) => Promise<R>) => Promise<R>,
  job: (tx: Queries) => Promise<T>,
): Promise<T> {
  let lost = 0;
  for (let attempt = 1; ; attempt++) {
    let committing = false;
    try {
      return await lend((connection) =>
        once(connection, job, () => {
          committing = true;
        }),
      );
    } catch (error) {
      // Nobody knows whether a commit was done that got no answer.
      const isLost = !committing && isLostConnection(error) && ++lost < maxLost;
      if (!isLost && !mayRepeat(error, attempt)) throw error;
      if (attempt === maxAttempts) {
        throw new PosternError("unavailable", "too many calls change the same rows at once", { cause: error });
      }
      await delay(Math.random() * Math.min(maxPauseMs, 2 ** attempt));
    }
  }
}

async function once<T>(connection: PgConnection, job: (tx: Queries) => Promise<T>, onCommit: () => void): Promise<T> {
  let broken: { error: unknown } | undefined;
  const tx = pgQueries(async (work) => {
    try {
      return await work(connection);
    } catch (error) {
      broken ??= { error };
      throw error;
    }
  });
  await connection.query({ text: "BEGIN ISOLATION LEVEL SERIALIZABLE", values: [] });
  try {
    const value = await job(tx);
    // One statement that failed undoes the whole transaction here, whatever the job made of it.
    if (broken !== undefined) throw broken.error;
    onCommit();
    await connection.query({ text: "COMMIT", values: [] });
    return value;
  } catch (error) {
    // Where even that fails the connection is gone, and the transaction with it.
    await connection.query({ text: "ROLLBACK", values: [] }).catch(() => {});
    if (broken !== undefined && (isConflict(broken.error) || isLostConnection(broken.error))) throw broken.error;
    throw error;
  }
}

/** serialization_failure and deadlock_detected (PostgreSQL manual, appendix A and section 13.5). */
function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40001" || state === "40P01";
}

/** A constraint can be broken by a race too (section 13.2.3): whether it was one, the second attempt shows. */
function mayRepeat(error: unknown, attempt: number): boolean {
  return isConflict(error) || (attempt === 1 && isConstraintError(error));
}
