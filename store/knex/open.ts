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

/** Knex prints what it also throws. */
const silent: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} };

async function migrate(db: Knex): Promise<void> {
  await db.migrate.latest({ migrationSource, tableName: "postern_migrations" });
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
