import knex, { type Knex } from "knex";
import { PosternError } from "../../core/errors.js";
import { storeError } from "./errors.js";
import { migrationTurn } from "./migration-turn.js";
import { migrationSource } from "./migrations/index.js";

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
    await migrate(db);
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

/** A machine that is gone says nothing: without limits of time whoever asks it would wait for ever. */
const limits = { connectionTimeoutMillis: 5_000, keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
/** Of one statement; migrations take what they take. */
const statementMs = 15_000;
const defaultConnections = 10;
/** One has the turn, and one migrates. */
const migratingConnections = 2;
/** How long one waits for its turn, or for a table that others use; it could be for ever where one of them hangs. */
const lockMs = 60_000;

/** Opens the database, which several gateways may share, and brings its tables up to date. Whoever opens destroys. */
export async function openPostgres({ url, connections = defaultConnections }: PostgresOptions): Promise<Knex> {
  const migrating = pool(url, { ...limits, lock_timeout: lockMs }, migratingConnections);
  try {
    await migrationTurn(migrating, async () => {
      // Whoever had the lock of Knex was killed.
      await migrating.migrate.forceFreeMigrationsLock(migrations);
      await migrate(migrating);
    });
  } catch (error) {
    throw storeError(error);
  } finally {
    await migrating.destroy();
  }
  return pool(url, { ...limits, query_timeout: statementMs }, Math.max(2, connections));
}

function pool(url: string, options: object, max: number): Knex {
  return knex({
    client: "pg",
    // Options of the driver that the typings of Knex do not have.
    connection: { connectionString: url, ...options } as Knex.PgConnectionConfig,
    log: silent,
    pool: { min: 0, max },
    acquireConnectionTimeout: 10_000,
  });
}

/** SQLite in a file, or PostgreSQL by its URL "postgres://…", with that many connections. Whoever opens destroys. */
export function openGrantDatabase(fileOrUrl: string, connections?: number): Promise<Knex> {
  if (/^postgres(ql)?:\/\//.test(fileOrUrl)) return openPostgres({ url: fileOrUrl, connections });
  return openSqlite({ file: fileOrUrl });
}

/** Knex prints what it also throws. */
const silent: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} };

const migrations = { migrationSource, tableName: "postern_migrations" };

async function migrate(db: Knex): Promise<void> {
  await db.migrate.latest(migrations);
}

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
