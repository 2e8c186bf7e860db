import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { cachingGrantStore } from "../../../core/auth/caching-store.js";
import type { GrantStore } from "../../../core/auth/grant-store.js";
import { isPosternError } from "../../../core/errors.js";
import { knexGrantStore } from "../../../store/knex/grant-store.js";
import { type Knex, openPostgres } from "../../../store/knex/open.js";
import { restart } from "../../helpers/cockroach-manners.js";
import { databaseRelay } from "../../helpers/database-relay.js";
import { ownPostgres } from "../../helpers/postgres.js";
import { whyNoServer } from "../../helpers/postgres-server.js";
import { until } from "../../helpers/until.js";
import { grantRecord } from "../../suites/grant-store-suite.js";

const missing = whyNoServer();

async function opened(t: ExecutionContext, url: string): Promise<{ db: Knex; store: GrantStore }> {
  const db = await openPostgres({ url });
  t.teardown(() => db.destroy());
  return { db, store: knexGrantStore(db) };
}

/** Writes from several sides until it is told to stop; remembers what was confirmed. */
function writing(t: ExecutionContext, stores: readonly GrantStore[]) {
  const confirmed: Buffer[] = [];
  const failures: unknown[] = [];
  let stopped = false;
  const loops = [...stores, ...stores, ...stores].map(async (store) => {
    while (!stopped) {
      const hash = randomBytes(32);
      try {
        await store.put(hash, grantRecord({}));
        confirmed.push(hash);
      } catch (error) {
        failures.push(error);
        // A client that is refused comes again a little later.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  const stop = async () => {
    stopped = true;
    await Promise.all(loops);
  };
  t.teardown(stop);
  return { confirmed, failures, stop };
}

async function rowsOf(db: Knex): Promise<Set<string>> {
  const rows: { encryption_key_hash: Buffer }[] = await db("records").select("encryption_key_hash");
  return new Set(rows.map((row) => row.encryption_key_hash.toString("hex")));
}

if (missing !== undefined) test.skip(`a PostgreSQL server that comes and goes (${missing})`, () => {});
else {
  for (const mode of ["fast", "immediate"] as const) {
    test(`what was confirmed outlives a restart of the server, and known records stay readable: ${mode}`, async (t) => {
      t.timeout(120_000);
      const server = await ownPostgres(t);
      const [first, second] = [await opened(t, server.url), await opened(t, server.url)];
      const reader = cachingGrantStore(first.store, { pauseMs: 100 });
      const known = Array.from({ length: 50 }, () => randomBytes(32));
      for (const hash of known) {
        await first.store.put(hash, grantRecord({}));
        await reader.get(hash);
      }
      const load = writing(t, [first.store, second.store]);
      let reads = 0;
      let reading = true;
      const readLoop = (async () => {
        for (; reading; reads++) if ((await reader.get(known[reads % known.length]!)) === undefined) return "lost";
        return "all there";
      })();
      t.teardown(() => {
        reading = false;
      });
      await until(() => load.confirmed.length > 100);
      await server.stop(mode);
      const before = { confirmed: load.confirmed.length, reads };
      await until(() => load.failures.length > 10 && reads > before.reads + 100);
      await t.throwsAsync(reader.get(randomBytes(32)), { code: "unavailable" });
      await t.throwsAsync(reader.ping(), { code: "unavailable" });
      await server.start();
      await until(() => load.confirmed.length > before.confirmed + 100);
      await load.stop();
      reading = false;
      t.is(await readLoop, "all there");
      for (const failure of load.failures) t.true(isPosternError(failure, "unavailable"));
      const rows = await rowsOf(second.db);
      t.true(load.confirmed.every((hash) => rows.has(hash.toString("hex"))));
      t.true(rows.size <= known.length + load.confirmed.length + load.failures.length);
      t.log(`${load.confirmed.length} confirmed, ${load.failures.length} refused, ${reads} reads`);
    });
  }

  test("connections that the server ends cost no registration", async (t) => {
    t.timeout(120_000);
    const server = await ownPostgres(t);
    const [first, second, admin] = [
      await opened(t, server.url),
      await opened(t, server.url),
      await opened(t, server.url),
    ];
    const load = writing(t, [first.store, second.store]);
    for (let round = 1; round <= 15; round++) {
      const target = load.confirmed.length + 30;
      await until(() => load.confirmed.length > target);
      await admin.db.raw("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    }
    await load.stop();
    t.deepEqual(
      load.failures.map((error) => String((error as Error).cause)),
      [],
    );
    const confirmed = load.confirmed.map((hash) => hash.toString("hex"));
    t.deepEqual([...(await rowsOf(admin.db))].sort(), confirmed.sort());
  });

  test("a restart that is over soon is waited for", async (t) => {
    const server = await ownPostgres(t);
    const { store } = await opened(t, server.url);
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({ satelliteAddress: "before" }));
    await server.stop("fast");
    const asked = Promise.all([store.get(hash), store.put(randomBytes(32), grantRecord({}))]);
    await server.start();
    t.is((await asked)[0]?.satelliteAddress, "before");
  });

  test("a record whose confirmation got lost is not added twice, and counts as added", async (t) => {
    const server = await ownPostgres(t);
    let lost = 0;
    let isNextLost = false;
    const relay = await databaseRelay(t, server.url, (sql) => {
      if (!isNextLost || !sql.startsWith("INSERT INTO records")) return undefined;
      isNextLost = false;
      lost++;
      return { end: "after" };
    });
    const { store } = await opened(t, relay.url);
    const hash = randomBytes(32);
    isNextLost = true;
    await store.put(hash, grantRecord({ satelliteAddress: "mine" }));
    t.is(lost, 1);
    t.is((await store.get(hash))?.satelliteAddress, "mine");
    // Somebody else's record is still in the way, whatever was lost.
    isNextLost = true;
    await t.throwsAsync(store.put(hash, grantRecord({})), { code: "already-exists" });
    t.is(lost, 2);
    const batch = Array.from({ length: 20 }, () => randomBytes(32));
    isNextLost = true;
    await Promise.all(batch.map((each) => store.put(each, grantRecord({}))));
    t.is(lost, 3);
    for (const each of batch) t.truthy(await store.get(each));
  });

  test("of a batch whose confirmation got lost, what was deleted meanwhile is not in the way of the rest", async (t) => {
    const server = await ownPostgres(t);
    const { store: direct } = await opened(t, server.url);
    const hashes = Array.from({ length: 10 }, () => randomBytes(32));
    let isFirst = true;
    let isDeleted = false;
    const relay = await databaseRelay(t, server.url, (sql) => {
      if (isDeleted || !sql.startsWith("INSERT INTO records")) return undefined;
      if (!isFirst) return { refuse: restart };
      isFirst = false;
      return { end: "after" };
    });
    const { store } = await opened(t, relay.url);
    const put = Promise.all(hashes.map((hash) => store.put(hash, grantRecord({}))));
    await until(async () => (await direct.delete({ keyHash: hashes[3]! })) === 1);
    isDeleted = true;
    await put;
    for (const hash of hashes) t.truthy(await direct.get(hash));
  });
}
