import { randomBytes } from "node:crypto";
import type { ExecutionContext, TestFn } from "ava";
import type { GrantRecord, GrantStore } from "../../core/auth/grant-store.js";

export interface GrantStoreFixture {
  readonly store: GrantStore;
  /** Frees what the factory made besides the store. */
  cleanup?(): Promise<void>;
}

interface Clocked {
  readonly store: GrantStore;
  readonly clock: { now: number };
}

/** What every GrantStore must do. `make` gets the clock that the store is to use. */
export function grantStoreSuite(
  test: TestFn,
  make: (now: () => number, t: ExecutionContext) => Promise<GrantStoreFixture>,
): void {
  const check = (title: string, run: (t: ExecutionContext, at: Clocked) => Promise<void>) =>
    test(title, async (t) => {
      const clock = { now: 1_700_000_000_000 };
      const { store, cleanup } = await make(() => clock.now, t);
      t.teardown(async () => {
        await store.close();
        await cleanup?.();
      });
      await run(t, { store, clock });
    });

  check("a record comes back as it was put", async (t, { store, clock }) => {
    const full = grantRecord({
      expiresAt: clock.now + 5_000,
      public: true,
      usageTags: ["a", "b"],
      publicProjectId: randomBytes(16),
      projectCreatedAt: clock.now - 1,
    });
    for (const given of [full, grantRecord()]) {
      const hash = randomBytes(32);
      await store.put(hash, given);
      const { createdAt, invalidation, ...stored } = (await store.get(hash))!;
      t.is(createdAt, clock.now);
      t.is(invalidation, undefined);
      t.deepEqual(normalized(stored), normalized(given));
    }
  });

  check("an unknown key hash finds nothing", async (t, { store }) => {
    await store.put(randomBytes(32), grantRecord());
    t.is(await store.get(randomBytes(32)), undefined);
  });

  check("a key hash is kept once, also when its record is invalid or expired", async (t, { store, clock }) => {
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({ satelliteAddress: "first", expiresAt: clock.now + 10 }));
    await t.throwsAsync(store.put(hash, grantRecord()), { code: "already-exists" });
    await store.invalidate({ keyHash: hash }, "why");
    await t.throwsAsync(store.put(hash, grantRecord()), { code: "already-exists" });
    t.is((await store.get(hash))?.satelliteAddress, "first");
    clock.now += 10;
    await t.throwsAsync(store.put(hash, grantRecord()), { code: "already-exists" });
  });

  check("of many writers of one key hash exactly one wins", async (t, { store }) => {
    const hash = randomBytes(32);
    const puts = Array.from({ length: 8 }, () => store.put(hash, grantRecord()));
    const results = await Promise.allSettled(puts);
    t.is(results.filter((result) => result.status === "fulfilled").length, 1);
  });

  check("a record is gone from the millisecond in which it expires", async (t, { store, clock }) => {
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({ expiresAt: clock.now + 1_000 }));
    clock.now += 999;
    t.truthy(await store.get(hash));
    clock.now += 1;
    t.is(await store.get(hash), undefined);
  });

  check("invalidating keeps the first reason and time", async (t, { store, clock }) => {
    const hash = randomBytes(32);
    await store.put(hash, grantRecord());
    const at = clock.now;
    t.is(await store.invalidate({ keyHash: hash }, "stolen"), 1);
    clock.now += 5;
    t.is(await store.invalidate({ keyHash: hash }, "again"), 0);
    t.deepEqual((await store.get(hash))?.invalidation, { reason: "stolen", at });
  });

  check("a macaroon head selects all its records and no other", async (t, { store }) => {
    const head = randomBytes(32);
    const hashes = [randomBytes(32), randomBytes(32)];
    const other = randomBytes(32);
    for (const hash of hashes) await store.put(hash, grantRecord({ macaroonHead: head, public: true }));
    await store.put(other, grantRecord({ public: true }));
    t.is(await store.unpublish({ macaroonHead: head }), 2);
    t.is(await store.unpublish({ macaroonHead: head }), 0);
    t.is(await store.invalidate({ macaroonHead: head }, "leaked"), 2);
    for (const hash of hashes) {
      const stored = await store.get(hash);
      t.false(stored?.public);
      t.is(stored?.invalidation?.reason, "leaked");
    }
    t.true((await store.get(other))?.public);
    t.is(await store.delete({ macaroonHead: head }), 2);
    for (const hash of hashes) t.is(await store.get(hash), undefined);
    t.truthy(await store.get(other));
  });

  check("records are found for administrators, with their key hash, also when invalid or expired", async (t, at) => {
    const { store, clock } = at;
    const head = randomBytes(32);
    const hash = randomBytes(32);
    await store.put(hash, grantRecord({ macaroonHead: head, expiresAt: clock.now + 1 }));
    await store.put(randomBytes(32), grantRecord({ macaroonHead: head }));
    await store.put(randomBytes(32), grantRecord());
    await store.invalidate({ keyHash: hash }, "stolen");
    clock.now += 5;
    const [found, ...others] = await store.find({ keyHash: hash }, 10);
    t.is(others.length, 0);
    t.is(Buffer.compare(found!.keyHash, hash), 0);
    t.is(found!.invalidation?.reason, "stolen");
    t.is((await store.find({ macaroonHead: head }, 10)).length, 2);
    t.is((await store.find({ macaroonHead: head }, 1)).length, 1);
    t.deepEqual(await store.find({ keyHash: randomBytes(32) }, 10), []);
  });

  check("expired records are removed in batches, others stay", async (t, { store, clock }) => {
    const lasting = randomBytes(32);
    await store.put(lasting, grantRecord());
    await store.put(randomBytes(32), grantRecord({ expiresAt: clock.now + 100 }));
    for (let i = 0; i < 5; i++) await store.put(randomBytes(32), grantRecord({ expiresAt: clock.now + 1 }));
    clock.now += 50;
    t.is(await store.deleteExpired(3), 3);
    t.is(await store.deleteExpired(3), 2);
    t.is(await store.deleteExpired(3), 0);
    t.truthy(await store.get(lasting));
  });

  check("an open store answers a ping", async (t, { store }) => {
    await t.notThrowsAsync(store.ping());
  });
}

/** A record of no meaning, different each time. */
export function grantRecord(fields: Partial<GrantRecord> = {}): GrantRecord {
  return {
    satelliteAddress: "id@127.0.0.1:7777",
    macaroonHead: randomBytes(32),
    encryptedSecretKey: randomBytes(48),
    encryptedAccessGrant: randomBytes(200),
    expiresAt: undefined,
    public: false,
    usageTags: [],
    publicProjectId: undefined,
    projectCreatedAt: undefined,
    ...fields,
  };
}

/** Stores may return Buffers where they were given Uint8Arrays. */
function normalized(value: GrantRecord): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      field instanceof Uint8Array ? Buffer.from(field).toString("hex") : field,
    ]),
  );
}
