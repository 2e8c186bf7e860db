import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import { newApiKey } from "../../../core/access/api-key.js";
import { newGrant, serializeGrant } from "../../../core/access/grant.js";
import { cachingGrantStore } from "../../../core/auth/caching-store.js";
import { removeExpiredRecords } from "../../../core/auth/expired-records.js";
import type { GrantRecord, GrantStore } from "../../../core/auth/grant-store.js";
import { createRateLimiter } from "../../../core/auth/rate-limit.js";
import { createRecordsAdmin } from "../../../core/auth/records-admin.js";
import { openSatelliteList } from "../../../core/auth/satellite-list.js";
import { createAuthService } from "../../../core/auth/service.js";
import { PosternError } from "../../../core/errors.js";
import { memoryGrantStore } from "../../../store/memory.js";
import { tempDir } from "../../helpers/temp-dir.js";

const satellite = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";
const other = satellite.replace("7777", "7778");

test("a list of satellites is read from a file, and again", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const file = join(dir.path, "satellites");
  await writeFile(file, `# ours\n${satellite}\n\n`);
  const list = await openSatelliteList([pathToFileURL(file).href]);
  t.teardown(() => list.close());
  t.true(list.allows(satellite));
  t.false(list.allows(other));
  t.false(list.allows("nonsense"));
  await writeFile(file, `${other}\r\n`);
  await list.refresh();
  t.false(list.allows(satellite));
  t.true(list.allows(other));
  await writeFile(file, "nonsense\n");
  await t.throwsAsync(list.refresh(), { code: "invalid-argument" });
  t.true(list.allows(other), "what it knew stays");
});

test("a list that can not be read fails the start", async (t) => {
  await t.throwsAsync(openSatelliteList(["file:///no/such/list"]), { code: "unavailable" });
  await t.throwsAsync(openSatelliteList(["nonsense"]), { code: "invalid-argument" });
});

test("tokens of a limiter come back with time, by key, for a bounded number of keys", (t) => {
  let now = 0;
  const limiter = createRateLimiter({ perMinute: 60, burst: 2, maxKeys: 3, now: () => now });
  t.deepEqual([limiter.take("a"), limiter.take("a"), limiter.take("a")], [0, 0, 1_000]);
  t.is(limiter.take("b"), 0);
  now += 999;
  t.is(limiter.take("a"), 1);
  now += 1;
  t.is(limiter.take("a"), 0);
  for (let i = 0; i < 100; i++) limiter.take(`x${i}`);
  t.is(limiter.size, 3);
});

test("a project that registers too often is refused, others are not", async (t) => {
  const service = createAuthService({
    store: memoryGrantStore(),
    allowSatellite: () => true,
    endpoint: "",
    projectLimit: createRateLimiter({ perMinute: 1, now: () => 0 }),
  });
  const [one, two] = [newText(), newText()];
  await service.register({ accessGrant: one, public: false });
  await t.throwsAsync(service.register({ accessGrant: one, public: false }), { code: "too-many-requests" });
  await t.notThrowsAsync(service.register({ accessGrant: two, public: false }));
});

function newText(): string {
  const grant = { satelliteAddress: satellite, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) };
  return serializeGrant(newGrant(grant));
}

test("what was read serves while the database is away, for a bounded time", async (t) => {
  let now = 0;
  let away: "no" | "failing" | "silent" = "no";
  const real = memoryGrantStore({ now: () => now });
  const flaky: GrantStore = {
    ...real,
    get: (hash) => {
      if (away === "failing") return Promise.reject(new PosternError("unavailable", "away"));
      return away === "silent" ? new Promise(() => {}) : real.get(hash);
    },
  };
  const store = cachingGrantStore(flaky, { maxEntries: 2, maxAgeMs: 1_000, patienceMs: 1, now: () => now });
  const hashes = [randomBytes(32), randomBytes(32), randomBytes(32)];
  for (const hash of hashes) {
    await store.put(hash, record());
    await store.get(hash);
  }
  away = "failing";
  await t.throwsAsync(store.get(hashes[0]!), { code: "unavailable" }, "forgotten, as only two fit");
  t.truthy(await store.get(hashes[2]!));
  away = "silent";
  t.truthy(await store.get(hashes[2]!));
  away = "failing";
  now += 1_000;
  await t.throwsAsync(store.get(hashes[2]!), { code: "unavailable" });
  away = "no";
  await store.get(hashes[2]!);
  await store.delete({ keyHash: hashes[2]! });
  away = "failing";
  await t.throwsAsync(store.get(hashes[2]!), { code: "unavailable" }, "deleted ones are forgotten");
});

test("expired records go in batches, a bounded number a round", async (t) => {
  let now = 0;
  const store = memoryGrantStore({ now: () => now });
  for (let i = 0; i < 7; i++) await store.put(randomBytes(32), { ...record(), expiresAt: 1 });
  now = 1;
  t.is(await removeExpiredRecords(store, { batch: 2, maxBatches: 2 }), 4);
  t.is(await removeExpiredRecords(store, { batch: 2 }), 3);
});

test("administrators see, invalidate, unpublish and delete by access key id and by macaroon head", async (t) => {
  const store = memoryGrantStore();
  const service = createAuthService({ store, allowSatellite: () => true, endpoint: "" });
  const admin = createRecordsAdmin(store);
  const accessGrant = newText();
  const { accessKeyId, secretKey } = await service.register({ accessGrant, public: true });
  const [shown] = await admin.show(accessKeyId);
  t.like(shown, { satelliteAddress: satellite, public: true, invalidationReason: null });
  for (const secret of [accessKeyId, secretKey, accessGrant]) t.false(JSON.stringify(shown).includes(secret));
  const head = shown!.macaroonHead;
  t.is(await admin.unpublish(head), 1);
  await t.throwsAsync(admin.invalidate(head, " "), { code: "invalid-argument" });
  t.is(await admin.invalidate(head, "leaked"), 1);
  t.is((await admin.show(head))[0]!.invalidationReason, "leaked");
  await t.throwsAsync(service.resolve(accessKeyId), { code: "permission-denied" });
  t.is(await admin.delete(accessKeyId), 1);
  t.deepEqual(await admin.show(head), []);
  await t.throwsAsync(admin.show("nonsense"), { code: "invalid-argument" });
});

function record(): GrantRecord {
  return {
    satelliteAddress: satellite,
    macaroonHead: randomBytes(32),
    encryptedSecretKey: randomBytes(48),
    encryptedAccessGrant: randomBytes(100),
    expiresAt: undefined,
    public: false,
    usageTags: [],
    publicProjectId: undefined,
    projectCreatedAt: undefined,
  };
}
