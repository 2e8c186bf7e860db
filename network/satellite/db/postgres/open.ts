import knex, { type Knex } from "knex";
import { PosternError } from "../../../../core/errors.js";
import { databaseError, isLostConnection } from "../errors.js";
import { migrationSource } from "../migrations/index.js";
import type { Database } from "../queries.js";
import { type PgConnection, pgQueries, pgTypes } from "./connection.js";
import { createLimiter } from "./limiter.js";
import { type Ownership, takeDatabase } from "./ownership.js";
import { serializable } from "./serializable.js";

export interface PostgresOptions {
  /** "postgres://user:password@host:port/database"; options of libpq's URLs may follow. */
  readonly url: string;
  /** Connections at most, beside one that shows that the database is in use; 10 when absent, at least 3. */
  readonly connections?: number;
}

/** Kept for reading: a job may read what is committed, and must not wait for another job to do so. */
const readers = 2;
/** A machine that is gone says nothing: without limits of time whoever asks it would wait for ever. */
const limits = {
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  /** For a row or table that another job, or an administrator, does not let go. */
  lock_timeout: 60_000,
};
/** A statement that only reads is repeated when its connection was lost. */
const readAttempts = 3;

/** Opens the database and brings its tables up to date. One PosternError when it can not be used. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const connections = Math.max(readers + 1, options.connections ?? 10);
  const name = postgresName(options.url);
  const db = knex({
    client: "pg",
    // Neither in the typings of Knex nor needed by it: "types" is the driver's own option.
    connection: { connectionString: options.url, types: pgTypes, ...limits } as Knex.PgConnectionConfig,
    log: silent,
    pool: { min: 0, max: connections + 1, afterCreate: preferIndexes },
    acquireConnectionTimeout: 20_000,
  });
  const convert = (error: unknown) => databaseError(error, name);
  try {
    const owner = await takeDatabase(db, name);
    // Nobody else can be at it, so what a crash left of a lock is no one's.
    const config = { migrationSource, tableName: "satellite_migrations" };
    await db.migrate.forceFreeMigrationsLock(config);
    await db.migrate.latest(config);
    return database(db, connections - readers, owner, convert);
  } catch (error) {
    await db.destroy();
    throw convert(error);
  }
}

function database(db: Knex, writers: number, owner: Ownership, convert: (error: unknown) => unknown): Database {
  const limited = createLimiter(writers);
  const running = new Set<Promise<unknown>>();
  let closed = false;

  async function lend<T>(work: (connection: PgConnection) => Promise<T>): Promise<T> {
    await owner.ensure();
    const connection = (await db.client.acquireConnection()) as PgConnection;
    try {
      return await work(connection);
    } finally {
      await db.client.releaseConnection(connection);
    }
  }

  async function converted<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw convert(error);
    }
  }

  async function reading<T>(work: (connection: PgConnection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await lend(work);
      } catch (error) {
        if (attempt === readAttempts || !isLostConnection(error)) throw error;
      }
    }
  }

  return {
    read: pgQueries((work) => converted(reading(work))),
    write(job) {
      if (closed) return Promise.reject(new PosternError("unavailable", "the satellite database is closed"));
      const done = converted(limited(() => serializable(lend, job)));
      running.add(done);
      const forget = () => running.delete(done);
      done.then(forget, forget);
      return done;
    },
    async close() {
      closed = true;
      await Promise.allSettled(running);
      await owner.release();
      await db.destroy();
    },
  };
}

/**
 * A scan of a whole table conflicts with every change of it, which small tables would be full of (PostgreSQL manual,
 * section 13.2.3).
 */
function preferIndexes(connection: PgConnection, done: (error: Error | null, connection: PgConnection) => void): void {
  connection.query({ text: "SET enable_seqscan = off", values: [] }).then(
    () => done(null, connection),
    (error: Error) => done(error, connection),
  );
}

/** The database's address without what opens it: "postgres://host:port/database". */
export function postgresName(url: string): string {
  const match =
    /^postgres(?:ql)?:\/\/(?:[^/?#]*@)?(?<host>[\w.-]*|\[[\da-f:.]+\])(?<port>:\d+)?(?<path>\/[\w-]*)?(?:[?#]|$)/i.exec(
      url,
    );
  // Whatever is of another form may have a password anywhere.
  if (match === null) return "postgres://…";
  const { host = "", port = "", path = "" } = match.groups ?? {};
  return `postgres://${host}${port}${path}`;
}

/** Knex prints what it also throws. */
const silent: Knex.Logger = { warn() {}, error() {}, deprecate() {}, debug() {} };
