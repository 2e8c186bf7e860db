import type { Knex } from "knex";
import { isTaken } from "./errors.js";
import { repeated } from "./repeat.js";

/** What Storj's service takes while it migrates: FNV-1a of "storj.io/edge/internal/dbutil:versions" (internal/dbutil/migrate.go). */
const peerLock = "3929864590229755353";
const table = "postern_turn";
/** A migration of a large table may take long. */
const waitMs = 60_000;

/**
 * Processes that start together migrate one after the other. The lock of Knex would refuse instead of waiting, and stays
 * when its owner is killed; that of a row goes with the connection, on PostgreSQL and CockroachDB. The latter has
 * advisory locks in name only.
 */
export async function migrationTurn(db: Knex, work: () => Promise<void>): Promise<void> {
  await repeated(() => makeTable(db));
  await repeated(
    () =>
      db.transaction(async (tx) => {
        await tx(table).where({ id: 1 }).forUpdate().select("id");
        const { rows } = await tx.raw<{ rows: { version: string }[] }>("SELECT version() AS version");
        if (!rows[0]?.version.startsWith("CockroachDB")) await tx.raw(`SELECT pg_advisory_xact_lock(${peerLock})`);
        await work();
      }),
    waitMs,
  );
}

async function makeTable(db: Knex): Promise<void> {
  try {
    await db.raw(`CREATE TABLE IF NOT EXISTS ${table} (id INTEGER NOT NULL PRIMARY KEY)`);
  } catch (error) {
    // Of two that make it at once, one may be told that its name is taken (PostgreSQL: unique index of pg_type).
    if (!isTaken(error)) throw error;
  }
  await db(table).insert({ id: 1 }).onConflict("id").ignore();
}
