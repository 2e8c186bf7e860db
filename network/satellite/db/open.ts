import { stat } from "node:fs/promises";
import knex, { type Knex } from "knex";
import { PosternError } from "../../../core/errors.js";
import { type PreparedConnection, preparedConnection, type SqliteConnection } from "./connection.js";
import { databaseError } from "./errors.js";
import { groupCommit } from "./group-commit.js";
import { migrationSource } from "./migrations/index.js";
import type { Database, Queries } from "./queries.js";

export interface SqliteOptions {
  /** Path of the database file; made when missing. Its folder must exist. */
  readonly file: string;
  /** Milliseconds to wait for another process's write; 5 000 when absent. */
  readonly busyTimeoutMs?: number;
  /** Connections for reading beside the writing one; 2 when absent. More do not help on SQLite. */
  readonly readers?: number;
}

/** Opens the database and brings its tables up to date. One PosternError when the file is damaged or can not be used. */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  const readers = options.readers ?? 2;
  const db = knex({
    client: "sqlite3",
    connection: { filename: options.file },
    useNullAsDefault: true,
    log: silent,
    pool: { min: 1, max: readers + 1, afterCreate: applyPragmas(options.busyTimeoutMs ?? 5_000) },
    acquireConnectionTimeout: 20_000,
  });
  const convert = (error: unknown) => databaseError(error, options.file);
  try {
    await db.migrate.latest({ migrationSource, tableName: "satellite_migrations" });
    const connections: PreparedConnection[] = [];
    const raw: SqliteConnection[] = [];
    for (let i = 0; i <= readers; i++) {
      const connection = (await db.client.acquireConnection()) as SqliteConnection;
      raw.push(connection);
      connections.push(preparedConnection(connection));
    }
    await checkIntegrity(connections[0]!, options.file);
    return database(db, connections, raw, convert);
  } catch (error) {
    await db.destroy();
    throw convert(error);
  }
}

function database(
  db: Knex,
  connections: readonly PreparedConnection[],
  raw: readonly SqliteConnection[],
  convert: (error: unknown) => unknown,
): Database {
  const [writer, ...readers] = connections;
  const commits = groupCommit(writer!, convert);
  return {
    read: readers.length === 1 ? readers[0]! : roundRobin(readers),
    write: commits.write,
    async close() {
      await commits.close();
      for (const connection of connections) await connection.finalize();
      for (const connection of raw) await db.client.releaseConnection(connection);
      await db.destroy();
    },
  };
}

/** Statements are independent of each other, so each goes to the next connection and none is reserved. */
function roundRobin(readers: readonly Queries[]): Queries {
  let next = 0;
  const one = () => readers[next++ % readers.length]!;
  return {
    all: (sql, params) => one().all(sql, params),
    first: (sql, params) => one().first(sql, params),
    run: (sql, params) => one().run(sql, params),
  };
}

/** Bytes of a database whose structure is looked at when it is opened: more would take seconds. */
const maxCheckedSize = 256 * 1024 * 1024;

/** SQLite opens a file with damaged pages without complaint, and fails on them later. */
async function checkIntegrity(connection: Queries, file: string): Promise<void> {
  if ((await stat(file)).size > maxCheckedSize) return;
  const rows = await connection.all<{ quick_check: string }>("PRAGMA quick_check(1)");
  if (rows[0]?.quick_check !== "ok") {
    throw new PosternError("corrupt-data", `the satellite database ${file} is damaged`, {
      cause: rows[0]?.quick_check,
    });
  }
}

/** Knex prints what it also throws. */
const silent: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} };

/** An acknowledged commit must survive a power cut: WAL with a sync for each commit. */
function applyPragmas(busyTimeoutMs: number) {
  const pragmas = [
    `PRAGMA busy_timeout = ${busyTimeoutMs}`,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
  ].join("; ");
  return (connection: SqliteConnection, done: (error: Error | null, connection: SqliteConnection) => void) => {
    connection.exec(pragmas, (error) => done(error, connection));
  };
}
