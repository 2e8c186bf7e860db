import knex, { type Knex } from "knex";
import { PosternError } from "../../core/errors.js";
import { storeError } from "./errors.js";
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

/** Opens the database, which several gateways may share, and brings its tables up to date. Whoever opens destroys. */
export async function openPostgres(options: PostgresOptions): Promise<Knex> {
  const db = knex({
    client: "pg",
    connection: { connectionString: options.url },
    log: silent,
    pool: { min: 0, max: Math.max(2, options.connections ?? 10) },
    acquireConnectionTimeout: 20_000,
  });
  try {
    await migrateAlone(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw storeError(error);
  }
}

/** SQLite in a file, or PostgreSQL by its URL "postgres://…". Whoever opens destroys. */
export function openGrantDatabase(fileOrUrl: string): Promise<Knex> {
  return /^postgres(ql)?:\/\//.test(fileOrUrl) ? openPostgres({ url: fileOrUrl }) : openSqlite({ file: fileOrUrl });
}

/** Gateways that start together take turns: the lock of Knex refuses instead, and stays when its owner is killed. */
async function migrateAlone(db: Knex): Promise<void> {
  await db.transaction(async (lock) => {
    await lock.raw("SELECT pg_advisory_xact_lock(hashtext('postern grants'), hashtext(current_schema()))");
    await db.migrate.forceFreeMigrationsLock(migrations);
    await migrate(db);
  });
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
