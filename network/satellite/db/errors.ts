import { PosternError } from "../../../core/errors.js";

/** Converts what the database driver throws. The driver's text may quote values, so it stays in the cause. */
export function databaseError(error: unknown, file: string): PosternError {
  if (error instanceof PosternError) return error;
  const code = driverCode(error);
  switch (code) {
    case "SQLITE_CORRUPT":
    case "SQLITE_NOTADB":
      return new PosternError("corrupt-data", `the satellite database ${file} is damaged`, { cause: error });
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
      return new PosternError("unavailable", `the satellite database ${file} is in use by another process`, {
        cause: error,
      });
    case "SQLITE_CANTOPEN":
    case "SQLITE_READONLY":
    case "SQLITE_PERM":
      return new PosternError("unavailable", `the satellite database ${file} can not be written`, { cause: error });
    case "SQLITE_FULL":
      return new PosternError("resource-exhausted", `no room on the disk of the satellite database ${file}`, {
        cause: error,
      });
    default:
      return new PosternError("internal", `the satellite database failed (${code ?? "unknown"})`, { cause: error });
  }
}

/** True when a statement broke a primary key, a unique index or a foreign key. */
export function isConstraintError(error: unknown): boolean {
  return driverCode(error) === "SQLITE_CONSTRAINT";
}

function driverCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? driverCode(error.cause) : undefined;
}
