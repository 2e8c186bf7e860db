import type { Queries, SqlValue } from "../queries.js";

/** The driver's side of one PostgreSQL connection (package pg), as far as it is used here. */
export interface PgConnection {
  query(query: { name?: string; text: string; values: readonly SqlValue[] }): Promise<PgResult>;
  once(event: "end", listener: () => void): unknown;
}

interface PgResult {
  readonly rows: unknown[];
  /** Null for statements that are about no rows. */
  readonly rowCount: number | null;
}

/** Statements kept prepared on each connection; texts are few, this only bounds a mistake. */
const maxStatements = 500;

interface Statement {
  readonly name?: string;
  readonly text: string;
}

const statements = new Map<string, Statement>();

/** The text with PostgreSQL's numbered parameters, and the name under which connections keep it prepared. */
function statementOf(sql: string): Statement {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const text = numbered(sql);
  if (statements.size >= maxStatements) return { text };
  const statement = { name: `postern_${statements.size}`, text };
  statements.set(sql, statement);
  return statement;
}

/** "?" becomes "$1", "$2" and so on, outside of quotes. */
export function numbered(sql: string): string {
  let count = 0;
  return sql.replace(/'[^']*'|"[^"]*"|\?/g, (found) => (found === "?" ? `$${++count}` : found));
}

/** Runs statements on a connection that `using` lends for each. */
export function pgQueries(using: <T>(work: (connection: PgConnection) => Promise<T>) => Promise<T>): Queries {
  const query = (sql: string, params: readonly SqlValue[] = []) =>
    using((connection) => connection.query({ ...statementOf(sql), values: params }));
  return {
    all: async <Row>(sql: string, params?: readonly SqlValue[]) => (await query(sql, params)).rows as Row[],
    first: async <Row>(sql: string, params?: readonly SqlValue[]) =>
      (await query(sql, params)).rows[0] as Row | undefined,
    run: async (sql, params) => (await query(sql, params)).rowCount ?? 0,
  };
}

/**
 * Values as SQLite gives them: numbers of any size (the driver would give int8 as text), yes and no as 1 and 0, bytes
 * as Buffer, all else as text. Keys are type OIDs (postgres/src/include/catalog/pg_type.dat).
 */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => (text === "t" ? 1 : 0),
  17: (text) => Buffer.from(text.slice(2), "hex"),
  20: Number,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
  1700: Number,
};

const asText = (text: string) => text;

/** For the driver's option "types". */
export const pgTypes = { getTypeParser: (oid: number) => parsers[oid] ?? asText };
