import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { knexGrantStore } from "../../../store/knex/grant-store.js";
import { type Knex, openPostgres } from "../../../store/knex/open.js";
import { postgresPool } from "../../../store/knex/postgres-pool.js";
import { knexSettingsStore } from "../../../store/knex/settings-store.js";
import { ambiguous, cockroachManners, restart } from "../../helpers/cockroach-manners.js";
import { databaseRelay, type Fate, type FateOf } from "../../helpers/database-relay.js";
import { postgresMissing, postgresSchema } from "../../helpers/postgres.js";
import { repositoryRoot } from "../../helpers/root.js";
import { mustRun } from "../../helpers/run-program.js";
import { seededRandom } from "../../helpers/seeded-random.js";
import { grantRecord, grantStoreSuite } from "../../suites/grant-store-suite.js";
import { settingsStoreSuite } from "../../suites/settings-store-suite.js";

/** A PostgreSQL server with the manners of CockroachDB: no more than a stand-in, where there is no CockroachDB. */
const missing = await postgresMissing();
const all: ReadonlySet<string>[] = [];

/** The URL of a schema behind the stand-in. The fates that are given go before its own. */
async function cockroach(t: ExecutionContext, fateOf: FateOf = () => undefined, schemaUrl?: string): Promise<string> {
  const schema = schemaUrl ?? (await postgresSchema(t));
  const serializable = schema.replace("options=", "options=-cdefault_transaction_isolation%3Dserializable%20");
  const relay = await databaseRelay(
    t,
    serializable,
    (sql, isInTransaction) => fateOf(sql, isInTransaction) ?? cockroachManners(sql, isInTransaction),
  );
  all.push(relay.statements);
  return relay.url;
}

async function opened(t: ExecutionContext, url: string): Promise<Knex> {
  const db = await openPostgres({ url });
  t.teardown(() => db.destroy());
  return db;
}

/** Statements of other transactions are often in the way, and the end of some is not known. */
function troubled(): { fateOf: FateOf; begin(): void } {
  const random = seededRandom("cockroach");
  let hasBegun = false;
  return {
    begin: () => {
      hasBegun = true;
    },
    fateOf: (sql) => {
      if (!hasBegun) return undefined;
      if (/^(insert|update|delete|select|commit)\b/i.test(sql) && random.chance(0.15)) return { refuse: restart };
      if (/^(insert into records|commit)\b/i.test(sql) && random.chance(0.15)) return { hide: ambiguous };
      return undefined;
    },
  };
}

if (missing !== undefined) test.skip(`a stand-in for CockroachDB (${missing})`, () => {});
else {
  grantStoreSuite(test, async (now, t) => {
    const trouble = troubled();
    const db = await openPostgres({ url: await cockroach(t, trouble.fateOf) });
    trouble.begin();
    return { store: knexGrantStore(db, { now }) };
  });

  settingsStoreSuite(test, "knex on the stand-in", async (t, now) => {
    return knexSettingsStore(await opened(t, await cockroach(t)), { now });
  });

  test("processes that start together make the tables one after the other", async (t) => {
    const url = await cockroach(t);
    const args = [join(repositoryRoot, "dist/bin/postern.js"), "auth", "records", "show", "0".repeat(64)];
    const otherProcess = () => mustRun(process.execPath, args, { env: { POSTERN_AUTH_DATABASE: url } });
    const [first, second, ...stores] = await Promise.all([
      otherProcess(),
      otherProcess(),
      ...[1, 2, 3].map(async () => knexGrantStore(await opened(t, url))),
    ]);
    t.deepEqual(
      [first, second].map(({ stdout }) => stdout),
      ["[]\n", "[]\n"],
    );
    const hash = randomBytes(32);
    await stores[0]!.put(hash, grantRecord({ satelliteAddress: "id@host:1" }));
    for (const store of stores) t.is((await store.get(hash))?.satelliteAddress, "id@host:1");
  });

  for (const [what, fate] of [
    ["is in the way of others", { refuse: restart }],
    ["is done but not confirmed", { hide: ambiguous }],
    ["is the last of its connection", { end: "after" }],
  ] as const) {
    test(`tables are made although each statement once ${what}`, async (t) => {
      const seen = new Set<string>();
      const schema = await postgresSchema(t);
      const fateOf: FateOf = (sql) => {
        if (seen.has(sql)) return undefined;
        seen.add(sql);
        return /^(begin|rollback)/i.test(sql) ? undefined : fate;
      };
      await opened(t, await cockroach(t, fateOf, schema));
      t.true(seen.size > 20);
      const db = postgresPool(schema, {}, 1);
      t.teardown(() => db.destroy());
      const names = await db("postern_migrations").orderBy("name").pluck("name");
      t.deepEqual(names, ["001-records", "002-bucket-settings", "003-peer-version"]);
      t.deepEqual(await db("versions").pluck("version"), [0]);
      t.deepEqual(await db("postern_turn").pluck("id"), []);
      const indexes = await db("pg_indexes").whereRaw("schemaname = current_schema()").pluck("indexname");
      for (const index of [
        "records_expires_at",
        "records_macaroon_head",
        "bucket_settings_bucket",
        "upload_notes_expires_at",
      ]) {
        t.true(indexes.includes(index), index);
      }
    });
  }

  test("registrations, changes and cleaning at once lose nothing and count right", async (t) => {
    const trouble = troubled();
    const url = await cockroach(t, trouble.fateOf);
    const clock = { now: 1_700_000_000_000 };
    const stores = await Promise.all(
      [1, 2, 3].map(async () => knexGrantStore(await opened(t, url), { now: () => clock.now })),
    );
    trouble.begin();
    const heads = [randomBytes(32), randomBytes(32), randomBytes(32)];
    const records = Array.from({ length: 120 }, (_, i) => ({
      hash: randomBytes(32),
      record: grantRecord({
        macaroonHead: heads[i % 3]!,
        public: true,
        expiresAt: i % 4 === 0 ? clock.now + 10 : undefined,
      }),
    }));
    const put = (part: typeof records) =>
      Promise.all(part.map(({ hash, record }, i) => stores[i % 3]!.put(hash, record)));
    await put(records.slice(0, 60));
    clock.now += 20;
    const invalidated = Promise.all([0, 1].map((i) => stores[i]!.invalidate({ macaroonHead: heads[0]! }, "why")));
    const unpublished = Promise.all([1, 2].map((i) => stores[i]!.unpublish({ macaroonHead: heads[1]! })));
    const [, invalid, private_, ...cleaned] = await Promise.all([
      put(records.slice(60)),
      invalidated,
      unpublished,
      ...[0, 1, 2].map((i) => stores[i]!.deleteExpired(1_000)),
    ]);
    t.true(Math.max(...invalid) >= 15 && invalid[0]! + invalid[1]! <= 40 + 20);
    t.true(Math.max(...private_) >= 15);
    t.true(cleaned.every((count) => count <= 30));
    clock.now -= 20;
    for (const store of stores) while ((await store.deleteExpired(1_000)) > 0);
    for (const [i, { hash, record }] of records.entries()) {
      const found = await stores[i % 3]!.get(hash);
      if (found === undefined) t.not(record.expiresAt, undefined, "only what has expired is gone");
      else t.deepEqual(Buffer.from(found.encryptedSecretKey), Buffer.from(record.encryptedSecretKey));
    }
  });

  test("what was changed is counted although its statement or its commit failed, or was not confirmed", async (t) => {
    let next: { readonly of: RegExp; readonly fate: Fate } | undefined;
    const url = await cockroach(t, (sql) => {
      if (next?.of.test(sql) !== true) return undefined;
      const { fate } = next;
      next = undefined;
      return fate;
    });
    const store = knexGrantStore(await opened(t, url));
    for (const of of [/^commit/i, /^(update|delete)/i, /^begin/i]) {
      for (const fate of [{ hide: ambiguous }, { end: "after" }, { end: "before" }, { refuse: restart }] as const) {
        const [macaroonHead, keyHash] = [randomBytes(32), randomBytes(32)];
        for (let i = 0; i < 3; i++) await store.put(randomBytes(32), grantRecord({ macaroonHead, public: true }));
        await store.put(keyHash, grantRecord({ public: true }));
        const count = async (change: () => Promise<number>) => {
          next = { of, fate };
          const changed = await change();
          t.true(next === undefined, "the fate has come");
          return changed;
        };
        t.is(await count(() => store.unpublish({ macaroonHead })), 3);
        t.is(await count(() => store.invalidate({ macaroonHead }, "why")), 3);
        t.is(await count(() => store.delete({ macaroonHead })), 3);
        t.is(await count(() => store.unpublish({ keyHash })), 1);
        t.is(await count(() => store.delete({ keyHash })), 1);
        t.is(await store.delete({ macaroonHead }), 0);
      }
    }
  });

  test("a connection that hangs keeps a look-up no longer than a moment, and is not used again", async (t) => {
    let hangs = false;
    const url = await cockroach(t, (sql) => {
      if (!hangs || !/^select/i.test(sql)) return undefined;
      hangs = false;
      return "hang";
    });
    const db = await opened(t, url);
    const store = knexGrantStore(db);
    const settings = knexSettingsStore(db);
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({}));
    const begun = performance.now();
    hangs = true;
    t.truthy(await store.get(hash));
    const id = { satellite: "s", project: "p", bucket: "b" };
    await settings.write(id, { sections: {}, sealedGrant: undefined }, 0);
    hangs = true;
    t.is((await settings.findByName("b", 1)).length, 1);
    // Both together take less than the 15 s that one statement may take where no request waits for it.
    t.true(performance.now() - begun < 14_000);
    t.truthy(await store.get(hash));
  });

  test("a database that says nothing fails look-ups in time, and is there again when it speaks", async (t) => {
    let isSilent = false;
    const db = await opened(t, await cockroach(t, () => (isSilent ? "hang" : undefined)));
    const store = knexGrantStore(db);
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({}));
    isSilent = true;
    const begun = performance.now();
    // More than are looked up at once: the others are told without having had their turn.
    const asked = Array.from({ length: 2_000 }, () => store.get(hash));
    await t.throwsAsync(store.ping(), { code: "unavailable" });
    for (const each of asked) await t.throwsAsync(each, { code: "unavailable" });
    t.true(performance.now() - begun < 40_000);
    isSilent = false;
    t.truthy(await store.get(hash));
  });

  test("prepared statements that are gone are prepared again", async (t) => {
    let next: Fate | undefined;
    const url = await cockroach(t, (sql) => {
      const fate = /^(select|insert)/i.test(sql) ? next : undefined;
      if (fate !== undefined) next = undefined;
      return fate;
    });
    const store = knexGrantStore(await opened(t, url));
    const hash = randomBytes(32);
    for (const refuse of [
      { code: "26000", message: "prepared statement does not exist" },
      { code: "0A000", message: "cached plan must not change result type" },
    ]) {
      next = { refuse };
      await store.put(randomBytes(32), grantRecord({}));
      next = { refuse };
      t.is(await store.get(hash), undefined);
      t.true(next === undefined);
    }
  });

  /** A new statement belongs into the list once it is known that CockroachDB runs it: see docs/auth.md. */
  test.after("every statement is one of those that were held against CockroachDB's grammar", async (t) => {
    const text = await readFile(join(repositoryRoot, "test/store/knex/statements.sql"), "utf8");
    const known = new Set(text.split("\n"));
    const sent = new Set(all.flatMap((statements) => [...statements].map(oneOf)));
    t.deepEqual(
      [...sent].filter((sql) => !known.has(`${sql};`)),
      [],
    );
  });
}

/** The text of one row or key, for a statement about many; only spaces and quoted numbers may differ. */
function oneOf(sql: string): string {
  return sql
    .replace(/(\(\$1(?:, \$\d+)*\))(?:, \(\$\d+(?:, \$\d+)*\))+/g, "$1")
    .replace(/ IN \(\$1(?:, \$\d+)+\)/g, " IN ($1)")
    .replace(/;$/, "");
}
