import type { Queries, SqlValue } from "./queries.js";

/** The driver's side of one SQLite connection (package sqlite3), as far as it is used here. */
export interface SqliteConnection {
  exec(sql: string, done: (error: Error | null) => void): unknown;
  prepare(sql: string, done: (error: Error | null) => void): SqliteStatement;
}

interface SqliteStatement {
  all(params: readonly SqlValue[], done: (error: Error | null, rows: unknown[]) => void): unknown;
  run(params: readonly SqlValue[], done: (this: { changes: number }, error: Error | null) => void): unknown;
  finalize(done?: () => void): unknown;
}

export interface PreparedConnection extends Queries {
  exec(sql: string): Promise<void>;
  /** Frees the statements; the connection itself belongs to the pool. */
  finalize(): Promise<void>;
}

/** Statements kept per connection; texts are few, this only bounds a mistake. */
const maxStatements = 500;

/** Runs statements on one connection and keeps them prepared: about twice as fast as through Knex. */
export function preparedConnection(connection: SqliteConnection): PreparedConnection {
  const statements = new Map<string, Promise<SqliteStatement>>();

  async function statement(sql: string): Promise<SqliteStatement> {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= maxStatements) throw new Error("too many different SQL statements");
    const made = new Promise<SqliteStatement>((resolve, reject) => {
      const prepared = connection.prepare(sql, (error) => (error === null ? resolve(prepared) : reject(error)));
    });
    statements.set(sql, made);
    try {
      return await made;
    } catch (error) {
      statements.delete(sql);
      throw error;
    }
  }

  async function all<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    const prepared = await statement(sql);
    return new Promise((resolve, reject) => {
      prepared.all(params, (error, rows) => (error === null ? resolve(rows as Row[]) : reject(error)));
    });
  }

  return {
    all,
    async first<Row>(sql: string, params: readonly SqlValue[] = []) {
      return (await all<Row>(sql, params))[0];
    },
    async run(sql, params = []) {
      const prepared = await statement(sql);
      return new Promise((resolve, reject) => {
        prepared.run(params, function (error) {
          if (error === null) resolve(this.changes);
          else reject(error);
        });
      });
    },
    exec: (sql) =>
      new Promise((resolve, reject) => {
        connection.exec(sql, (error) => (error === null ? resolve() : reject(error)));
      }),
    async finalize() {
      const prepared = await Promise.allSettled(statements.values());
      statements.clear();
      for (const one of prepared) {
        if (one.status === "fulfilled") await new Promise<void>((resolve) => one.value.finalize(resolve));
      }
    },
  };
}
