import { PosternError } from "../../core/errors.js";

/** What SQLite and PostgreSQL say when a primary key is taken. */
const uniqueViolations: ReadonlySet<string> = new Set(["SQLITE_CONSTRAINT", "23505"]);

/** Converts what Knex and its drivers throw. The driver's text may quote values, so it stays in the cause. */
export function storeError(error: unknown): PosternError {
  if (error instanceof PosternError) return error;
  const code = driverCode(error);
  if (code !== undefined && uniqueViolations.has(code)) {
    return new PosternError("already-exists", "a record with this key hash exists", { cause: error });
  }
  if (code === "SQLITE_CORRUPT" || code === "SQLITE_NOTADB") {
    return new PosternError("corrupt-data", "the credentials database is damaged", { cause: error });
  }
  const text = code === undefined ? "the credentials database failed" : `the credentials database failed (${code})`;
  return new PosternError("unavailable", text, { cause: error });
}

function driverCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
