import { randomBytes } from "node:crypto";
import { join } from "node:path";
import test from "ava";
import knex from "knex";
import { knexGrantStore } from "../../../store/knex/grant-store.js";
import { openGrantDatabase, openPostgres } from "../../../store/knex/open.js";
import { postgresMissing, postgresSchema } from "../../helpers/postgres.js";
import { repositoryRoot } from "../../helpers/root.js";
import { mustRun } from "../../helpers/run-program.js";
import { grantRecord, grantStoreSuite } from "../../suites/grant-store-suite.js";

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
    await stores[0]!.put(hash, grantRecord({ satelliteAddress: "id@host:1" }));
    for (const store of stores) t.is((await store.get(hash))?.satelliteAddress, "id@host:1");
  });

  test("processes that start together on an empty database do not collide", async (t) => {
    const url = await postgresSchema(t);
    const args = [join(repositoryRoot, "dist/bin/postern.js"), "auth", "records", "show", "0".repeat(64)];
    const env = { POSTERN_AUTH_DATABASE: url };
    const results = await Promise.all([1, 2, 3, 4].map(() => mustRun(process.execPath, args, { env })));
    for (const { stdout } of results) t.is(stdout, "[]\n");
  });

  test("changes that are in each other's way are made all the same", async (t) => {
    const url = await postgresSchema(t);
    // At this level PostgreSQL ends transactions that overlap with 40001, as CockroachDB always may.
    const serializable = url.replace("options=", "options=-cdefault_transaction_isolation%3Dserializable%20");
    const stores = await Promise.all(
      [1, 2, 3].map(async () => knexGrantStore(await openPostgres({ url: serializable }))),
    );
    t.teardown(() => Promise.all(stores.map((store) => store.close())).then(() => {}));
    const macaroonHead = randomBytes(32);
    const hashes = Array.from({ length: 40 }, () => randomBytes(32));
    await Promise.all(hashes.map((hash, i) => stores[i % 3]!.put(hash, grantRecord({ macaroonHead, public: true }))));
    const counts = await Promise.all(
      [...hashes, ...hashes].map((keyHash, i) => {
        const store = stores[i % 3]!;
        if (i % 4 === 0) return store.invalidate({ macaroonHead }, "why").then(() => 0);
        return store.unpublish(i % 2 === 0 ? { keyHash } : { macaroonHead });
      }),
    );
    t.is(
      counts.reduce((sum, count) => sum + count),
      hashes.length,
    );
    for (const { public: isPublic, invalidation } of await stores[0]!.find({ macaroonHead }, 100)) {
      t.false(isPublic);
      t.is(invalidation?.reason, "why");
    }
  });

  test("a record that a batch can not add does not stop the others of the batch", async (t) => {
    const store = knexGrantStore(await openPostgres({ url: await postgresSchema(t) }));
    t.teardown(() => store.close());
    const taken = randomBytes(32);
    await store.put(taken, grantRecord({}));
    const hashes = Array.from({ length: 200 }, (_, i) => (i === 100 ? taken : randomBytes(32)));
    const results = await Promise.allSettled(hashes.map((hash) => store.put(hash, grantRecord({}))));
    t.deepEqual(
      results.flatMap(({ status }, i) => (status === "rejected" ? [i] : [])),
      [100],
    );
    for (const found of await Promise.all(hashes.map((hash) => store.get(hash)))) t.truthy(found);
  });

  test("a database that Storj's auth service has made is taken as it is, and it would take ours", async (t) => {
    const url = await postgresSchema(t);
    const db = knex({ client: "pg", connection: { connectionString: url }, pool: { min: 0, max: 1 } });
    t.teardown(() => db.destroy());
    // storj/edge internal/dbutil/migrate.go, pkg/auth/sqlauth/migrate.go
    await db.raw(`CREATE TABLE versions (version int NOT NULL, description text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (version))`);
    await db.raw(`CREATE TABLE records (encryption_key_hash bytea NOT NULL, created_at timestamptz NOT NULL,
      public boolean NOT NULL, public_project_id bytea, satellite_address text NOT NULL, macaroon_head bytea NOT NULL,
      expires_at timestamptz, encrypted_secret_key bytea NOT NULL, encrypted_access_grant bytea NOT NULL,
      invalidation_reason text, invalidated_at timestamptz, usage_tags text, project_created_at timestamptz,
      PRIMARY KEY (encryption_key_hash))`);
    await db("versions").insert({ version: 0, description: "Initial setup" });
    const { satelliteAddress, macaroonHead, encryptedSecretKey, encryptedAccessGrant } = grantRecord({});
    const theirs = (encryption_key_hash: Buffer, more: object) => ({
      ...{
        encryption_key_hash,
        created_at: new Date(1_700_000_000_000),
        public: true,
        satellite_address: satelliteAddress,
      },
      ...{ macaroon_head: macaroonHead, encrypted_secret_key: encryptedSecretKey },
      ...{ encrypted_access_grant: encryptedAccessGrant, ...more },
    });
    const [valid, invalid] = [randomBytes(32), randomBytes(32)];
    await db("records").insert([theirs(valid, { usage_tags: "mcp" }), theirs(invalid, { invalidation_reason: "why" })]);

    for (const _ of ["first start", "second start"]) {
      const store = knexGrantStore(await openPostgres({ url }));
      t.like(await store.get(valid), { satelliteAddress, usageTags: ["mcp"], public: true, invalidation: undefined });
      t.deepEqual((await store.get(invalid))?.invalidation, { reason: "why", at: 1_700_000_000_000 });
      t.is(await store.invalidate({ keyHash: invalid }, "again"), 0);
      await store.put(randomBytes(32), grantRecord({}));
      await store.close();
    }
    t.like(await db("versions").select("version", "description"), [{ version: 0, description: "Initial setup" }]);
    const fresh = await postgresSchema(t);
    await knexGrantStore(await openPostgres({ url: fresh })).close();
    const ours = knex({ client: "pg", connection: { connectionString: fresh }, pool: { min: 0, max: 1 } });
    t.teardown(() => ours.destroy());
    t.like(await ours("versions").select("version"), [{ version: 0 }]);
  });

  test("a process goes on while a later version adds a column", async (t) => {
    const url = await postgresSchema(t);
    const db = await openPostgres({ url });
    const store = knexGrantStore(db);
    t.teardown(() => store.close());
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({}));
    for (let i = 0; i < 8; i++) t.truthy(await store.get(hash));
    await db.raw("ALTER TABLE records ADD COLUMN later text");
    for (let i = 0; i < 8; i++) t.truthy(await store.get(hash));
    await store.put(randomBytes(32), grantRecord({}));
  });
}
