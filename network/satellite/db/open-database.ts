import { join } from "node:path";
import { PosternError } from "../../../core/errors.js";
import { openSqlite } from "./open.js";
import { openPostgres } from "./postgres/open.js";
import type { Database } from "./queries.js";

export interface DatabaseOptions {
  /** Folder of the SQLite file satellite.db. */
  readonly dir: string;
  /** "postgres://…" for a PostgreSQL database in place of the file. */
  readonly database?: string;
  /** Connections to PostgreSQL at most; 10 when absent. */
  readonly databaseConnections?: number;
}

/** Opens the satellite's database and brings its tables up to date. One PosternError when it can not be used. */
export function openDatabase({ dir, database, databaseConnections }: DatabaseOptions): Promise<Database> {
  if (database === undefined) return openSqlite({ file: join(dir, "satellite.db") });
  if (!/^postgres(ql)?:\/\//.test(database)) {
    return Promise.reject(new PosternError("invalid-argument", "the satellite's database is a URL postgres://…"));
  }
  return openPostgres({ url: database, connections: databaseConnections });
}
