import { join } from "node:path";
import test from "ava";
import { openSqlite } from "../../../store/knex/open.js";
import { knexSettingsStore } from "../../../store/knex/settings-store.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { settingsStoreSuite } from "../../suites/settings-store-suite.js";

settingsStoreSuite(test, "knex", async (t, now) => {
  const dir = await tempDir();
  const db = await openSqlite({ file: join(dir.path, "auth.db") });
  t.teardown(async () => {
    await db.destroy();
    await dir.remove();
  });
  return knexSettingsStore(db, { now });
});
