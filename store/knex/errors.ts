import { PosternError } from "../../core/errors.js";
import { isStaleStatement } from "./postgres-pool.js";

/** Converts what Knex and its drivers throw. The driver's text may quote values, so it stays in the cause. */
export function storeError(error: unknown): PosternError {
  if (error instanceof PosternError) return error;
  const code = driverCode(error);
  if (isTaken(error)) {
    return new PosternError("already-exists", "a record with this key hash exists", { cause: error });
  }
  if (code === "SQLITE_CORRUPT" || code === "SQLITE_NOTADB" || code === "XX001" || code === "XX002") {
    return new PosternError("corrupt-data", "the credentials database is damaged", { cause: error });
  }
  const text = code === undefined ? "the credentials database failed" : `the credentials database failed (${code})`;
  return new PosternError("unavailable", text, { cause: error });
}

/** Whether a primary key is taken, as SQLite and PostgreSQL say it. */
export function isTaken(error: unknown): boolean {
  const code = driverCode(error);
  return code === "SQLITE_CONSTRAINT" || code === "23505";
}

/** Whether a table is there already; who makes it at the same time may be told so in other words. */
export function isTableTaken(error: unknown): boolean {
  const code = driverCode(error);
  // duplicate_table, duplicate_object, unique_violation in a table of the system
  return code === "42P07" || code === "42710" || code === "23505";
}

/**
 * Whether the same statement may be given to the database again: it did nothing, as others were in its way ("conflict"),
 * or the database went away, before or after it did what it was told ("lost"). SQLSTATE: PostgreSQL manual, appendix A;
 * CockroachDB's own: cockroachdb/cockroach pkg/sql/pgwire/pgcode/codes.go.
 */
export function repeatable(error: unknown): "conflict" | "lost" | undefined {
  const code = driverCode(error);
  // serialization_failure, deadlock_detected
  if (code === "40001" || code === "40P01" || isStaleStatement(error)) return "conflict";
  // The lock of Knex for migrations was not to be had, and it does not keep the code of why.
  if (error instanceof Error && error.name === "MigrationLocked") return "conflict";
  if (code === undefined) return isBrokenConnection(error) ? "lost" : undefined;
  // connection_exception; admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout; too_many_connections
  if (/^(08...|57P0[1235]|53300)$/.test(code)) return "lost";
  // CockroachDB: statement_completion_unknown; no quorum for a part of the table, or none of its nodes to ask
  if (/^(40003|58C0[01])$/.test(code)) return "lost";
  // A server that is reached by a socket in a folder has none while it restarts.
  return /^(ECONN|EPIPE|ENOENT|EHOST|ENET|ETIMEDOUT|EAI_AGAIN)/.test(code) ? "lost" : undefined;
}

/** Neither Knex nor pg give a code to these; Knex puts the statement in front. */
const brokenConnection =
  /(^| - )(Connection (terminated|ended)|Client (has encountered|was closed)|timeout expired|Query read timeout)/;

function isBrokenConnection(error: unknown): boolean {
  return error instanceof Error && brokenConnection.test(error.message);
}

function driverCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
