import knex, { type Knex } from "knex";

/** A machine that is gone says nothing: without limits of time whoever asks it would wait for ever. */
const limits = { connectionTimeoutMillis: 3_000, keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
/** How long one waits for a connection of its own while others have all of them. */
const turnMs = 5_000;

/** Connections to PostgreSQL, or to CockroachDB, which speaks its protocol. `options` are the driver's. */
export function postgresPool(url: string, options: object, connections: number): Knex {
  return knex({
    client: "pg",
    // Knex would ask for it, and breaks on an answer that does not begin with "PostgreSQL", as CockroachDB's.
    version: "13",
    // Options of the driver that the typings of Knex do not have.
    connection: { connectionString: url, ...limits, ...options } as Knex.PgConnectionConfig,
    log: silent,
    pool: { min: 0, max: connections, afterCreate: prepare },
    acquireConnectionTimeout: turnMs,
  });
}

/** Knex prints what it also throws. */
export const silent: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} };

type Answered = (error: unknown, result: unknown) => void;

interface PgConnection {
  query(query: unknown, answered?: Answered): unknown;
  setTypeParser(oid: number, format: "text", parse: (text: string) => unknown): void;
  /** Why Knex must not lend it again. */
  __knex__disposed?: unknown;
}

/** Type of 64-bit integers (postgres/src/include/catalog/pg_type.dat). */
const int8 = 20;

function prepare(connection: PgConnection, done: (error: Error | null, connection: PgConnection) => void): void {
  connection.setTypeParser(int8, "text", integerOf);
  const query = connection.query.bind(connection);
  const examined = (error: unknown): void => {
    if (isUnusableAfter(error)) connection.__knex__disposed = error;
  };
  connection.query = (text, answered) => {
    if (answered === undefined) {
      return (query(text) as Promise<unknown>).catch((error: unknown) => {
        examined(error);
        throw error;
      });
    }
    return query(text, (error, result) => {
      examined(error);
      answered(error, result);
    });
  };
  done(null, connection);
}

/** Every integer of CockroachDB has 64 bits, and the driver gives those as text. */
function integerOf(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/**
 * A statement whose time was up may be answered later, or never: the next one would wait behind it. And a connection
 * may have lost what was prepared on it, when somebody else's program stands between (SQLSTATE 26000), or hold what a
 * change of the table made useless.
 */
function isUnusableAfter(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message === "Query read timeout" || isStaleStatement(error);
}

/** Whether a prepared statement is not what it was: it did nothing, and is prepared anew on another connection. */
export function isStaleStatement(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "26000" || (error.code === "0A000" && error.message.includes("cached plan must not change"));
}
