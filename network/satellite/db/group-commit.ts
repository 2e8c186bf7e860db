import { PosternError } from "../../../core/errors.js";
import type { PreparedConnection } from "./connection.js";
import type { Queries } from "./queries.js";

/** Jobs that share one commit at most; bounds how long the first of them waits for the last. */
const maxGroup = 64;

interface Job {
  readonly body: (tx: Queries) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  write<T>(job: (tx: Queries) => Promise<T>): Promise<T>;
  /** Waits for the jobs that were accepted and takes no more. */
  close(): Promise<void>;
}

/**
 * One writer. Jobs that arrive while a group is being written make up the next group, so one sync to the disk serves
 * as many of them as wait. Each job has its own savepoint: one that fails undoes itself alone.
 */
export function groupCommit(connection: PreparedConnection, convert: (error: unknown) => unknown): GroupCommit {
  const waiting: Job[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) await runGroup(connection, waiting.splice(0, maxGroup), convert);
    running = undefined;
  }

  return {
    write<T>(body: (tx: Queries) => Promise<T>): Promise<T> {
      if (closed) return Promise.reject(new PosternError("unavailable", "the satellite database is closed"));
      return new Promise<T>((resolve, reject) => {
        waiting.push({ body, resolve: (value) => resolve(value as T), reject });
        running ??= drain();
      });
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

async function runGroup(connection: PreparedConnection, group: readonly Job[], convert: (error: unknown) => unknown) {
  const settle: (() => void)[] = [];
  try {
    await connection.run("BEGIN IMMEDIATE");
    for (const job of group) settle.push(await runJob(connection, job, convert));
    await connection.run("COMMIT");
  } catch (error) {
    // The transaction as a whole is lost (disk full, I/O error, damage): nothing of it may be acknowledged.
    await connection.run("ROLLBACK").catch(() => {});
    for (const job of group) job.reject(convert(error));
    return;
  }
  for (const done of settle) done();
}

async function runJob(
  connection: PreparedConnection,
  job: Job,
  convert: (error: unknown) => unknown,
): Promise<() => void> {
  await connection.run("SAVEPOINT job");
  try {
    const value = await job.body(connection);
    await connection.run("RELEASE job");
    return () => job.resolve(value);
  } catch (error) {
    await connection.run("ROLLBACK TO job");
    await connection.run("RELEASE job");
    return () => job.reject(convert(error));
  }
}
