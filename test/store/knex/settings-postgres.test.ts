import test from "ava";
import { openPostgres } from "../../../store/knex/open.js";
import { knexSettingsStore } from "../../../store/knex/settings-store.js";
import { postgresMissing, postgresSchema } from "../../helpers/postgres.js";
import { settingsStoreSuite } from "../../suites/settings-store-suite.js";

const missing = await postgresMissing();

if (missing !== undefined) test.skip(`bucket settings on PostgreSQL (${missing})`, () => {});
else {
  settingsStoreSuite(test, "knex on PostgreSQL", async (t, now) => {
    const db = await openPostgres({ url: await postgresSchema(t) });
    t.teardown(() => db.destroy());
    return knexSettingsStore(db, { now });
  });
}
