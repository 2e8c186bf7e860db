import { setTimeout as delay } from "node:timers/promises";
import type { Knex } from "knex";
import { PosternError } from "../../../../core/errors.js";
import { databaseError } from "../errors.js";
import type { PgConnection } from "./connection.js";

/** That this satellite is the only one on its database. */
export interface Ownership {
  /**
   * Resolves while that is so; waits a while for a server that restarts. Rejects with `unavailable` when the server is
   * away for longer, or another satellite was faster after a restart: what this one remembers of rows is worth nothing
   * then.
   */
  ensure(): Promise<void>;
  release(): Promise<void>;
}

/** What a satellite that has just ended may need until the server notices. */
const takeoverMs = 3_000;
const retryMs = 100;
/** How long calls wait for a server that restarts. */
const patienceMs = 10_000;

/**
 * A lock of the session on the schema says that the database is taken; the server drops it when the connection ends in
 * whatever way. When that was not this satellite's wish, as at a restart of the server, it is taken again.
 */
export async function takeDatabase(db: Knex, name: string): Promise<Ownership> {
  let owner: PgConnection | undefined;
  let retaking: Promise<void> | undefined;
  let released = false;

  const hold = (connection: PgConnection): void => {
    owner = connection;
    connection.once("end", () => {
      owner = undefined;
      void db.client.releaseConnection(connection);
      if (released) return;
      retaking = retake();
      retaking.catch(() => {}); // whoever needs the database hears of it
    });
  };
  const retake = async (): Promise<void> => {
    while (!released) {
      const connection = await lockDatabase(db, name).catch((error: unknown) => {
        if (error instanceof PosternError) throw error;
        return undefined;
      });
      if (connection !== undefined) {
        if (released) await db.client.releaseConnection(connection);
        else hold(connection);
        return;
      }
      await delay(retryMs, undefined, { ref: false });
    }
    throw closed();
  };

  hold(await lockDatabase(db, name));
  return {
    async ensure() {
      while (owner === undefined) {
        // It was closed while it was taken again: nobody has it, and nobody is going to.
        if (released) throw closed();
        await within(retaking!, name);
      }
    },
    async release() {
      released = true;
      if (owner !== undefined) await db.client.releaseConnection(owner);
    },
  };
}

/** Rejects with a PosternError when another has it, and with what the driver says when it can not be asked. */
async function lockDatabase(db: Knex, name: string): Promise<PgConnection> {
  const connection = (await db.client.acquireConnection()) as PgConnection;
  const text = "SELECT pg_try_advisory_lock(hashtext('postern satellite'), hashtext(current_schema())) AS taken";
  const until = Date.now() + takeoverMs;
  try {
    for (;;) {
      const [row] = (await connection.query({ text, values: [] })).rows as { taken: number }[];
      if (row?.taken === 1) return connection;
      if (Date.now() > until) {
        throw new PosternError("unavailable", `the satellite database ${name} is in use by another satellite`);
      }
      await delay(retryMs);
    }
  } catch (error) {
    await db.client.releaseConnection(connection);
    throw error;
  }
}

function closed(): PosternError {
  return new PosternError("unavailable", "the satellite database is closed");
}

async function within(promise: Promise<void>, name: string): Promise<void> {
  const late = new AbortController();
  const timeout = delay(patienceMs, undefined, { signal: late.signal, ref: false }).then(() => {
    throw databaseError({ code: "ETIMEDOUT" }, name);
  });
  timeout.catch(() => {}); // it ends with the race
  try {
    await Promise.race([promise, timeout]);
  } finally {
    late.abort();
  }
}
