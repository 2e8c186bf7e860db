import type { Knex } from "knex";
import { isTableTaken } from "./errors.js";
import { repeated } from "./repeat.js";

/** What Storj's service takes while it migrates: FNV-1a of "storj.io/edge/internal/dbutil:versions" (internal/dbutil/migrate.go). */
const peerLock = "3929864590229755353";
const table = "postern_turn";
const turn = { id: 2 };
/** A migration of a large table may take long. */
const waitMs = 60_000;

export interface MigratedServer {
  readonly isCockroach: boolean;
}

/**
 * Processes that start together migrate one after the other. The lock of Knex would refuse instead of waiting, and stays
 * when its owner is killed. What is taken here goes with the connection. `work` may be run again, after all it did.
 */
export async function migrationTurn(db: Knex, work: (server: MigratedServer) => Promise<void>): Promise<void> {
  const { rows } = await repeated(() => db.raw<{ rows: { version: string }[] }>("SELECT version() AS version"));
  const isCockroach = rows[0]?.version.startsWith("CockroachDB") ?? false;
  if (isCockroach) await repeated(() => makeTable(db));
  const take = isCockroach ? takeRow : takeLock;
  await repeated(() => db.transaction((tx) => take(tx, () => work({ isCockroach }))), waitMs);
}

async function takeLock(tx: Knex, work: () => Promise<void>): Promise<void> {
  await tx.raw(`SELECT pg_advisory_xact_lock(${peerLock})`);
  await work();
}

/**
 * CockroachDB has advisory locks in name only, and may forget those of SELECT … FOR UPDATE. A row that is written is
 * in the way of whoever would write the same one, until the transaction ends.
 */
async function takeRow(tx: Knex, work: () => Promise<void>): Promise<void> {
  await tx(table).insert(turn);
  await work();
  await tx(table).where(turn).delete();
}

async function makeTable(db: Knex): Promise<void> {
  try {
    await db.raw(`CREATE TABLE IF NOT EXISTS ${table} (id INTEGER NOT NULL PRIMARY KEY)`);
  } catch (error) {
    // Of two that make it at once, one may be told so.
    if (!isTableTaken(error)) throw error;
  }
}
