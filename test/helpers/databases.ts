import test, { type ExecutionContext } from "ava";
import type { DatabaseOptions } from "../../network/satellite/db/open-database.js";
import { postgresMissing, postgresSchema } from "./postgres.js";

let postgres = false;

/** What satellites of tests are given to open: a file, or a PostgreSQL schema in the files that call `onPostgres`. */
export async function databaseOptions(t: ExecutionContext): Promise<Omit<DatabaseOptions, "dir">> {
  // A test file has many satellites, none of which has much to do.
  return postgres ? { database: await postgresSchema(t), databaseConnections: 3 } : {};
}

/** Has the tests of another file run on PostgreSQL, in a file of their own. They are skipped where there is none. */
export async function onPostgres(load: () => Promise<unknown>): Promise<void> {
  const missing = await postgresMissing();
  if (missing !== undefined) {
    test.skip(`on PostgreSQL (${missing})`, () => {});
    return;
  }
  postgres = true;
  await load();
}
