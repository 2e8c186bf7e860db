import test from "ava";
import { knexGrantStore } from "../../../store/knex/grant-store.js";
import { openGrantDatabase, openPostgres } from "../../../store/knex/open.js";
import { postgresMissing, postgresSchema } from "../../helpers/postgres.js";
import { grantStoreSuite } from "../../suites/grant-store-suite.js";

const missing = await postgresMissing();

if (missing !== undefined) test.skip(`grants on PostgreSQL (${missing})`, () => {});
else {
  grantStoreSuite(test, async (now, t) => ({
    store: knexGrantStore(await openPostgres({ url: await postgresSchema(t) }), { now }),
  }));

  test("gateways that start together share one database", async (t) => {
    const url = await postgresSchema(t);
    const stores = await Promise.all([1, 2, 3, 4].map(async () => knexGrantStore(await openGrantDatabase(url))));
    t.teardown(() => Promise.all(stores.map((store) => store.close())).then(() => {}));
    const hash = new Uint8Array(32).fill(7);
    await stores[0]!.put(hash, {
      satelliteAddress: "id@host:1",
      macaroonHead: new Uint8Array(32),
      encryptedSecretKey: new Uint8Array(48),
      encryptedAccessGrant: new Uint8Array(100),
      expiresAt: undefined,
      public: false,
      usageTags: [],
      publicProjectId: undefined,
      projectCreatedAt: undefined,
    });
    for (const store of stores) t.is((await store.get(hash))?.satelliteAddress, "id@host:1");
  });
}
