import { join } from "node:path";
import test from "ava";
import { openSqlite } from "../../../../network/satellite/db/open.js";
import { tempDir } from "../../../helpers/temp-dir.js";
import { databaseSuite, ids, insert } from "../../../suites/database-suite.js";

databaseSuite(test, async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  return () => openSqlite({ file: join(path, "test.db") });
});

test("jobs see what jobs before them did, and readers only what was committed", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const db = await openSqlite({ file: join(path, "test.db") });
  t.teardown(() => db.close());
  let seen: unknown[] = [];
  const first = db.write(async (tx) => {
    await insert(tx, 1);
    seen = await ids(db);
  });
  const second = db.write((tx) => tx.all("SELECT 1 FROM revocations"));
  await first;
  t.deepEqual(seen, []);
  t.is((await second).length, 1);
});
