import { type ErrorCode, PosternError } from "../../../core/errors.js";

/**
 * Converts what the database driver throws. The driver's text may quote values, so it stays in the cause. `file` is the
 * SQLite file, or the address of the PostgreSQL database without user and password.
 */
export function databaseError(error: unknown, file: string): PosternError {
  if (error instanceof PosternError) return error;
  const code = driverCode(error);
  const known = code === undefined ? isPoolTimeout(error) && unreachable : postgresProblem(code);
  if (known) return new PosternError(known.code, `the satellite database ${file} ${known.text}`, { cause: error });
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
  const code = driverCode(error);
  return code === "SQLITE_CONSTRAINT" || (code !== undefined && /^23[0-9A-Z]{3}$/.test(code));
}

/** The five characters of PostgreSQL that name an error (manual, appendix A); undefined when it is another error. */
export function sqlState(error: unknown): string | undefined {
  const code = driverCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether the connection went away under a statement, or there is none to be had now. */
export function isLostConnection(error: unknown): boolean {
  // Whoever made one of it has waited already.
  if (error instanceof PosternError) return false;
  const code = driverCode(error);
  if (code === undefined) return isPoolTimeout(error) && (error as Error).name !== "KnexTimeoutError";
  return postgresProblem(code) === unreachable;
}

interface Problem {
  readonly code: ErrorCode;
  readonly text: string;
}

const unreachable: Problem = { code: "unavailable", text: "can not be reached" };

/** By SQLSTATE or its class, or by the code of a failed connection. */
const postgresProblems: Readonly<Record<string, Problem>> = {
  "08": unreachable,
  "57": unreachable,
  "28": { code: "unavailable", text: "refuses its user or password" },
  "3D": { code: "unavailable", text: "does not exist" },
  "40": { code: "unavailable", text: "is too busy" },
  "55P03": { code: "unavailable", text: "is too busy" },
  "53100": { code: "resource-exhausted", text: "has no room on its disk" },
  "53": { code: "unavailable", text: "has too much to do" },
  "42501": { code: "unavailable", text: "may not be changed by its user" },
  "25006": { code: "unavailable", text: "can only be read" },
  XX001: { code: "corrupt-data", text: "is damaged" },
  XX002: { code: "corrupt-data", text: "is damaged" },
};

function postgresProblem(code: string): Problem | undefined {
  if (/^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPIPE|ENOENT|EACCES)/.test(code)) return unreachable;
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  return postgresProblems[code] ?? postgresProblems[code.slice(0, 2)];
}

/** Neither Knex nor pg give a code to these: no connection came free in time, or it ended under a statement. */
function isPoolTimeout(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "KnexTimeoutError" || /^Connection terminated|^Client has encountered/.test(error.message);
}

function driverCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // A PosternError's code is another thing: what the driver said is in its cause.
  if (!(error instanceof PosternError) && "code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? driverCode(error.cause) : undefined;
}
