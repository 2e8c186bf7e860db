import test from "ava";
import type { ListEntry, ListObjectsOptions, VersionPage } from "../../core/api.js";
import { utf8 } from "../../core/bytes/bytes.js";
import type { ProjectContext } from "../../core/context.js";
import { CipherSuite } from "../../core/crypto/cipher-suite.js";
import { createStore } from "../../core/crypto/encryption-store.js";
import { encryptPath } from "../../core/crypto/path.js";
import { listObjects, listVersions } from "../../core/list.js";
import { createListAhead } from "../../core/list-ahead.js";
import type { ListedItem, ListScope } from "../../core/list-folder.js";
import { Object_Status, ObjectListItem } from "../../proto/gen/metainfo.js";
import { listingSatellite } from "../helpers/listing-satellite.js";

const bucket = utf8("bucket");
const store = createStore({ defaultKey: new Uint8Array(32).fill(7), defaultPathCipher: CipherSuite.AesGcm });

function contextOf(keys: readonly string[]) {
  const items = keys.map((key) =>
    ObjectListItem.fromPartial({
      encryptedObjectKey: encryptPath(store, bucket, utf8(key)),
      status: Object_Status.COMMITTED_UNVERSIONED,
      objectVersion: new Uint8Array(16),
      createdAt: { seconds: 1, nanos: 0 },
    }),
  );
  const satellite = listingSatellite(items);
  return { context: { store, metainfo: satellite.metainfo } as unknown as ProjectContext, satellite };
}

const nameOf = (entry: ListEntry) => (entry.kind === "object" ? entry.object.key : entry.prefix);

async function listAll(context: ProjectContext, options: ListObjectsOptions, versions = false): Promise<string[]> {
  const names: string[] = [];
  let next: { cursor?: Uint8Array; versionCursor?: Uint8Array } = {};
  for (;;) {
    const page = versions
      ? await listVersions(context, "bucket", { ...options, ...next, continues: true })
      : await listObjects(context, "bucket", { ...options, ...next, continues: true });
    names.push(...page.entries.map(nameOf));
    if (page.next === undefined) return names;
    next = { cursor: page.next, versionCursor: (page as Partial<VersionPage>).nextVersion };
  }
}

test("a large folder is not read anew for each of its pages, and all of it is listed in order", async (t) => {
  const keys = Array.from({ length: 6_500 }, (_, i) => `folder/${String(i).padStart(6, "0")}`);
  const { context, satellite } = contextOf(keys);
  t.deepEqual(await listAll(context, { prefix: "folder/" }), keys);
  const calls = satellite.calls;
  t.true(calls < 30, `${calls} calls; page by page there would be seven times eleven`);
  t.deepEqual(await listAll(context, { prefix: "folder/", delimiter: "/" }), keys);
  t.deepEqual(await listAll(context, {}, true), keys);
});

/** Entries of a page that begins after `from`, of keys that are numbers. */
const scope = { context: {}, bucket, pending: false, includes: {}, signal: undefined } as unknown as ListScope;
const itemOf = (number: number): ListedItem => ({
  key: utf8(String(number).padStart(6, "0")),
  isPrefix: false,
  item: ObjectListItem.fromPartial({}),
  contentKey: () => new Uint8Array(),
});

function numbers(total: number) {
  let time = 0;
  const reads: number[] = [];
  let during: (() => Promise<void>) | undefined;
  const ahead = createListAhead(() => time);
  const page = async (
    from: number | undefined,
    other: Partial<ListScope> & { restart?: boolean } = {},
    count = 1001,
  ) => {
    const bound = from === undefined ? undefined : { afterKey: itemOf(from).key, afterVersion: undefined };
    const place = { prefix: utf8(""), delimiter: utf8(""), bound, count };
    const wanted = { ...place, scope: { ...scope, ...other }, continues: bound !== undefined && !other.restart };
    const found = await ahead.read(wanted, async (most) => {
      reads.push(from ?? 0);
      await during?.();
      const first = (from ?? 0) + 1;
      return Array.from({ length: Math.max(Math.min(most, total - first + 1), 0) }, (_, i) => itemOf(first + i));
    });
    return found.map(({ key }) => Number(Buffer.from(key)));
  };
  return {
    page,
    reads,
    wait: (ms: number) => {
      time += ms;
    },
    /** Runs in the next reading, and only in that. */
    whileReading: (run: () => Promise<void>) => {
      during = async () => {
        during = undefined;
        await run();
      };
    },
  };
}

test("the first two pages are of this moment, later ones for seconds of the second's", async (t) => {
  const { page, reads, wait } = numbers(20_000);
  for (const from of [undefined, 1000, 2000, 3000]) {
    t.deepEqual(
      await page(from),
      Array.from({ length: 1001 }, (_, i) => (from ?? 0) + 1 + i),
    );
  }
  t.deepEqual(reads, [0, 1000]);
  wait(5001);
  await page(4000);
  t.deepEqual(reads, [0, 1000, 4000]);
  await page(3000);
  t.deepEqual(reads, [0, 1000, 4000, 3000], "nor is what is too old for one page good for another");
  await page(5000);
  await page(5000);
  t.is(reads.length, 4, "several clients that list the same share it");
  for (let from = 5000; from < 20_000; from += 1000) t.is((await page(from)).at(0), from + 1);
  t.true(reads.length <= 6);
});

test("an end is an end; small pages, pending uploads and other grants are read for themselves", async (t) => {
  const { page, reads } = numbers(3500);
  await page(undefined);
  await page(1000);
  t.is((await page(2000, { context: {} as ProjectContext })).length, 1001);
  t.deepEqual(reads, [0, 1000, 2000]);
  t.is((await page(2000, {}, 11)).length, 11);
  t.is((await page(2000, { pending: true })).length, 1001);
  t.is(reads.length, 5);
  t.is((await page(2000)).length, 1001);
  t.is((await page(3000)).length, 500);
  t.is(reads.length, 5);
});

test("a listing sees nothing of a reading that began before it", async (t) => {
  const { page, reads, wait } = numbers(20_000);
  await page(undefined);
  await page(1000);
  wait(10);
  // Another listing begins at the same place, or in the middle, as start-after does.
  await page(undefined);
  await page(1000);
  t.deepEqual(reads, [0, 1000, 0, 1000]);
  await page(2000);
  t.is(reads.length, 4);
  wait(10);
  await page(2000, { restart: true });
  await page(3000);
  t.deepEqual(reads, [0, 1000, 0, 1000, 2000, 3000]);
});

test("a reading that ends late takes the place of none that began after it", async (t) => {
  const { page, reads, wait, whileReading } = numbers(20_000);
  await page(undefined);
  whileReading(async () => {
    wait(10);
    await page(undefined);
    await page(1000);
  });
  await page(1000);
  t.deepEqual(reads, [0, 1000, 0, 1000]);
  await page(2000);
  t.is(reads.length, 4, "served by the one that began last");
  wait(10);
});
