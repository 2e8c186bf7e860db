import knex, { type Knex } from "knex";
import { PosternError } from "../../core/errors.js";
import { storeError } from "./errors.js";
import { migrationTurn } from "./migration-turn.js";
import { migrationSource } from "./migrations/index.js";
import { postgresPool, silent } from "./postgres-pool.js";
import { repeated } from "./repeat.js";

export type { Knex } from "knex";

export interface SqliteOptions {
  /** Path of the database file; made when missing. Its folder must exist. */
  readonly file: string;
  /** Milliseconds to wait for another process's write; 5 000 when absent. */
  readonly busyTimeoutMs?: number;
}

/** Opens the database and brings its tables up to date. Whoever opens destroys. */
export async function openSqlite(options: SqliteOptions): Promise<Knex> {
  const db = knex({
    client: "sqlite3",
    connection: { filename: options.file },
    useNullAsDefault: true,
    log: silent,
    pool: { min: 1, max: 1, afterCreate: applyPragmas(options.busyTimeoutMs ?? 5_000) },
  });
  try {
    await db.migrate.latest(migrations);
    return db;
  } catch (error) {
    await db.destroy();
    const { code, message } = storeError(error);
    throw new PosternError(code, `${message}: ${options.file}`, { cause: error });
  }
}

export interface PostgresOptions {
  /** "postgres://user:password@host:port/database"; options of libpq's URLs may follow. */
  readonly url: string;
  /** Connections at most; 10 when absent, at least 2. */
  readonly connections?: number;
}

/** Of one statement; migrations take what they take. */
const statementMs = 15_000;
const defaultConnections = 10;
/** One has the turn, and one migrates. */
const migratingConnections = 2;
/** How long one waits for its turn, or for a table that others use; it could be for ever where one of them hangs. */
const lockMs = 60_000;

/** Opens the database, which several gateways may share, and brings its tables up to date. Whoever opens destroys. */
export async function openPostgres({ url, connections = defaultConnections }: PostgresOptions): Promise<Knex> {
  const migrating = postgresPool(url, { lock_timeout: lockMs }, migratingConnections);
  try {
    await migrationTurn(migrating, async ({ isCockroach }) => {
      // Whoever had the lock of Knex was killed.
      await migrating.migrate.forceFreeMigrationsLock(migrations);
      if (isCockroach) await leaveTablesOpen(migrating);
      // CockroachDB promises to make a change of tables whole or not at all only where it is a transaction by itself.
      await migrating.migrate.latest({ ...migrations, disableTransactions: isCockroach });
    });
  } catch (error) {
    throw storeError(error);
  } finally {
    await migrating.destroy();
  }
  return postgresPool(url, { query_timeout: statementMs }, Math.max(2, connections));
}

/** CockroachDB from 25.4 on makes tables that refuse to be changed, by an index say; before, it does not know the word. */
async function leaveTablesOpen(db: Knex): Promise<void> {
  await repeated(() =>
    db.raw("SET create_table_with_schema_locked = off").catch((error: unknown) => {
      // undefined_object: no such parameter
      if ((error as { code?: unknown }).code !== "42704") throw error;
    }),
  );
}

/** SQLite in a file, or PostgreSQL by its URL "postgres://…", with that many connections. Whoever opens destroys. */
export function openGrantDatabase(fileOrUrl: string, connections?: number): Promise<Knex> {
  if (/^postgres(ql)?:\/\//.test(fileOrUrl)) return openPostgres({ url: fileOrUrl, connections });
  return openSqlite({ file: fileOrUrl });
}

const migrations = { migrationSource, tableName: "postern_migrations" };

interface SqliteConnection {
  exec(sql: string, done: (error: Error | null) => void): void;
}

/** Credentials that were handed out must survive a power cut: WAL with a sync for each commit. */
function applyPragmas(busyTimeoutMs: number) {
  const pragmas = `PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`;
  return (connection: SqliteConnection, done: (error: Error | null, connection: SqliteConnection) => void) => {
    connection.exec(pragmas, (error) => done(error, connection));
  };
}
