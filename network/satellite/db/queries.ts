/** What a parameter of a statement may be. Times are microseconds since 1970, yes and no are 1 and 0. */
export type SqlValue = number | string | Uint8Array | null;

/**
 * Runs single statements. The text is SQL that SQLite and PostgreSQL both take, with "?" for parameters; texts come
 * from the program only and are few, so that they can stay prepared.
 */
export interface Queries {
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>;
  /** The first row, if there is any. */
  first<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined>;
  /** Number of rows that changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
}

export interface Database {
  /** Committed data; several statements may see different commits. */
  readonly read: Queries;
  /**
   * Runs `job` in a transaction that either happens whole and is on disk when the promise resolves, or not at all.
   * Jobs happen as if one after the other. On SQLite they do, and those that wait share one sync to the disk; on
   * PostgreSQL they run side by side, and one that others were in the way of is undone and run again. So a job awaits
   * its statements only, and changes nothing outside.
   */
  write<T>(job: (tx: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
