import type { Knex } from "knex";
import { change, lookUp } from "./time-limits.js";

/** A row of the table "records". */
export interface RecordRow {
  encryption_key_hash: Buffer;
  created_at: Date | number;
  public: boolean | number;
  public_project_id: Buffer | null;
  satellite_address: string;
  macaroon_head: Buffer;
  expires_at: Date | number | null;
  encrypted_secret_key: Buffer;
  encrypted_access_grant: Buffer;
  invalidation_reason: string | null;
  invalidated_at: Date | number | null;
  usage_tags: string | null;
  project_created_at: Date | number | null;
}

export const recordsTable = "records";

/** The two statements that every request needs, for many rows at a time. */
export interface RecordStatements {
  /** Adds all rows or none. */
  insert(rows: readonly RecordRow[]): Promise<void>;
  /** Those that there are, in no order. */
  select(keyHashes: readonly Buffer[]): Promise<RecordRow[]>;
}

export function recordStatements(db: Knex): RecordStatements {
  if (db.client.config.client === "pg") return preparedStatements(db);
  return {
    async insert(rows) {
      await db(recordsTable).insert(rows);
    },
    select: async (keyHashes) => db<RecordRow>(recordsTable).whereIn("encryption_key_hash", keyHashes),
  };
}

interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly query_timeout: number;
}

interface PgConnection {
  query(query: Prepared): Promise<{ rows: RecordRow[] }>;
}

/** By name: a statement that is prepared breaks when a later version adds a column to all of them. */
const selected = [
  "encryption_key_hash",
  "created_at",
  "public",
  "public_project_id",
  "satellite_address",
  "macaroon_head",
  "expires_at",
  "encrypted_secret_key",
  "encrypted_access_grant",
  "invalidation_reason",
  "invalidated_at",
  "usage_tags",
  "project_created_at",
] as const satisfies readonly (keyof RecordRow)[];
/** A new row is not invalid. */
const inserted = selected.filter((column) => !column.startsWith("invalid"));

/** Prepared on each connection, which Knex can not do: parsing, planning and building the text would cost more than the rest. */
function preparedStatements(db: Knex): RecordStatements {
  const run = async (prepared: Prepared): Promise<RecordRow[]> => {
    const connection = (await db.client.acquireConnection()) as PgConnection;
    try {
      return (await connection.query(prepared)).rows;
    } finally {
      await db.client.releaseConnection(connection);
    }
  };
  return {
    async insert(rows) {
      const values = rows.flatMap((row) => inserted.map((column) => textOfDate(row[column])));
      await run({ name: `postern_put_${rows.length}`, text: insertText(rows.length), values, ...change });
    },
    select(keyHashes) {
      const count = 2 ** Math.ceil(Math.log2(keyHashes.length));
      const values = Array.from({ length: count }, (_, i) => keyHashes[Math.min(i, keyHashes.length - 1)]);
      return run({ name: `postern_get_${count}`, text: selectText(count), values, ...lookUp });
    },
  };
}

/** The driver's own way takes the local time of the day to pieces. */
function textOfDate<T>(value: T): T | string {
  return value instanceof Date ? value.toISOString() : value;
}

const insertText = rememberedByCount((count) => {
  const row = (i: number) => `(${inserted.map((_, j) => `$${i * inserted.length + j + 1}`).join(", ")})`;
  return `INSERT INTO ${recordsTable} (${inserted.join(", ")}) VALUES ${listOf(count, row)}`;
});

const selectText = rememberedByCount(
  (count) =>
    `SELECT ${selected.join(", ")} FROM ${recordsTable} ` +
    `WHERE encryption_key_hash IN (${listOf(count, (i) => `$${i + 1}`)})`,
);

function listOf(count: number, item: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => item(i)).join(", ");
}

function rememberedByCount(make: (count: number) => string): (count: number) => string {
  const texts: string[] = [];
  return (count) => {
    texts[count] ??= make(count);
    return texts[count];
  };
}
