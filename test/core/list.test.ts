import test from "ava";
import fc from "fast-check";
import type { ListEntry, ListObjectsOptions, UploadEntry } from "../../core/api.js";
import { compareBytes, concatBytes, startsWithBytes, utf8, utf8Text } from "../../core/bytes/bytes.js";
import type { ProjectContext } from "../../core/context.js";
import { CipherSuite } from "../../core/crypto/cipher-suite.js";
import { createStore } from "../../core/crypto/encryption-store.js";
import { deriveContentKey, encryptPath } from "../../core/crypto/path.js";
import { listObjects, listUploads } from "../../core/list.js";
import { walkObjects } from "../../core/list-all.js";
import { sealMetadata } from "../../core/metadata.js";
import { Object_Status, ObjectListItem } from "../../proto/gen/metainfo.js";
import { StreamMeta } from "../../proto/gen/streams.js";
import { listingSatellite } from "../helpers/listing-satellite.js";

const bucket = utf8("bucket");

function storeWith(pathCipher: number) {
  return createStore({ defaultKey: new Uint8Array(32).fill(7), defaultPathCipher: pathCipher });
}

interface Upload {
  key: string;
  seconds: number;
}

function contextOf(pathCipher: number, uploads: readonly Upload[], status: Object_Status, maximumPage?: number) {
  const store = storeWith(pathCipher);
  const items = uploads.map(({ key, seconds }, index) => {
    const sealed = sealMetadata(
      { custom: { key }, etag: utf8(`etag of ${key}`) },
      { cipherSuite: 2, contentKey: deriveContentKey(store, bucket, utf8(key)) },
    );
    const meta = { ...StreamMeta.decode(sealed.encryptedMetadata), encryptionType: 2 };
    return ObjectListItem.fromPartial({
      ...sealed,
      encryptedMetadata: StreamMeta.encode(meta).finish(),
      encryptedObjectKey: encryptPath(store, bucket, utf8(key)),
      status,
      plainSize: key.length,
      createdAt: { seconds, nanos: 0 },
      streamId: utf8(`stream ${index}`),
      objectVersion: concatBytes(new Uint8Array(14), Uint8Array.of(index >> 8, index & 255)),
    });
  });
  const satellite = listingSatellite(items, maximumPage);
  return { context: { store, metainfo: satellite.metainfo } as unknown as ProjectContext, satellite };
}

function objectsContext(pathCipher: number, keys: readonly string[], maximumPage?: number) {
  const uploads = keys.map((key) => ({ key, seconds: 1 }));
  return contextOf(pathCipher, uploads, Object_Status.COMMITTED_UNVERSIONED, maximumPage);
}

const nameOf = (entry: ListEntry) => (entry.kind === "object" ? entry.object.key : `${entry.prefix} (prefix)`);

/** What a listing should hold, straight from its definition. */
function expected(keys: readonly string[], { prefix = "", delimiter = "", cursor = "" }: ListObjectsOptions): string[] {
  const start = utf8(prefix as string);
  const after = utf8(cursor as string);
  const entries = new Map<string, string>();
  for (const key of keys) {
    if (!startsWithBytes(utf8(key), start)) continue;
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, (prefix as string).length);
    const entry = at < 0 ? key : key.slice(0, at + delimiter.length);
    if (compareBytes(utf8(entry), after) <= 0) continue;
    entries.set(at < 0 ? entry : `${entry} (prefix)`, entry);
  }
  return [...entries].sort(([, a], [, b]) => compareBytes(utf8(a), utf8(b))).map(([name]) => name);
}

/** All pages of a listing. */
async function listAll(context: ProjectContext, options: ListObjectsOptions): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  let cursor: ListObjectsOptions["cursor"] = options.cursor;
  for (;;) {
    const page = await listObjects(context, "bucket", { ...options, cursor });
    entries.push(...page.entries);
    if (page.next === undefined) return entries;
    cursor = page.next;
  }
}

const key = fc
  .array(fc.constantFrom("a", "b", "/", "-", "é", "."), { minLength: 1, maxLength: 7 })
  .map((parts) => parts.join(""));
const text = fc.array(fc.constantFrom("a", "b", "/", "-", "é"), { maxLength: 4 }).map((parts) => parts.join(""));

for (const [name, cipher] of [
  ["AES-GCM", CipherSuite.AesGcm],
  ["SecretBox", CipherSuite.SecretBox],
  ["null", CipherSuite.Null],
] as const) {
  test(`listings are in plain byte order, page by page (${name} path cipher)`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 40 }),
        text,
        fc.constantFrom("", "/", "-", "a/"),
        text,
        fc.integer({ min: 1, max: 7 }),
        // Of one item no page could get past a key that is the prefix itself; real pages hold 1 000.
        fc.integer({ min: 2, max: 6 }),
        async (keys, prefix, delimiter, cursor, limit, maximumPage) => {
          const { context } = objectsContext(cipher, keys, maximumPage);
          const options = { prefix, delimiter, cursor };
          const entries = await listAll(context, { ...options, limit });
          t.deepEqual(entries.map(nameOf), expected(keys, options));
        },
      ),
      { numRuns: 150 },
    );
  });
}

for (const [name, cipher] of [
  ["AES-GCM", CipherSuite.AesGcm],
  ["null", CipherSuite.Null],
] as const) {
  test(`a walk has every object below a prefix once (${name} path cipher)`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 40 }),
        text,
        fc.integer({ min: 1, max: 7 }),
        async (keys, prefix, pageSize) => {
          const { context } = objectsContext(cipher, keys);
          const found: string[] = [];
          for await (const page of walkObjects(context, "bucket", prefix, { pageSize })) {
            t.true(page.length > 0 && page.length <= Math.max(pageSize, 2));
            found.push(...page.map((object) => object.key));
          }
          t.deepEqual(found.sort(), keys.filter((one) => one.startsWith(prefix)).sort());
        },
      ),
      { numRuns: 100 },
    );
  });
}

test("a walk costs one call a page", async (t) => {
  const keys = Array.from({ length: 500 }, (_, i) => `dir/${i % 7}/${i}`);
  const { context, satellite } = objectsContext(CipherSuite.AesGcm, keys, 100);
  for await (const page of walkObjects(context, "bucket", "dir/")) t.true(page.length > 0);
  t.is(satellite.calls, 5);
});

test("objects come with size, ETag and metadata", async (t) => {
  const { context } = objectsContext(CipherSuite.AesGcm, ["dir/b", "dir/a"]);
  const { entries, next } = await listObjects(context, "bucket", { prefix: "dir/", delimiter: "/", custom: true });
  t.is(next, undefined);
  const [first] = entries;
  t.is(first?.kind, "object");
  if (first?.kind !== "object") return;
  t.is(first.object.key, "dir/a");
  t.is(first.object.size, 5);
  t.deepEqual(first.object.custom, { key: "dir/a" });
  t.is(utf8Text(first.object.etag as Uint8Array), "etag of dir/a");
});

test("bare listings have sizes, and nothing that is encrypted", async (t) => {
  const { context } = objectsContext(CipherSuite.AesGcm, ["dir/b", "dir/aa"]);
  const { entries } = await listObjects(context, "bucket", { prefix: "dir/", delimiter: "/", bare: true });
  const objects = entries.map((entry) => (entry.kind === "object" ? entry.object : undefined));
  t.deepEqual(
    objects.map((object) => [object?.key, object?.size, object?.custom, object?.etag]),
    [
      ["dir/aa", 6, {}, undefined],
      ["dir/b", 5, {}, undefined],
    ],
  );
});

test("keys that are not UTF-8 keep their bytes", async (t) => {
  const store = storeWith(CipherSuite.AesGcm);
  const raw = Uint8Array.of(0x64, 0x2f, 0xff, 0x00, 0x80);
  const item = ObjectListItem.fromPartial({ encryptedObjectKey: encryptPath(store, bucket, raw) });
  const context = { store, metainfo: listingSatellite([item]).metainfo } as unknown as ProjectContext;
  const { entries } = await listObjects(context, "bucket", { prefix: Uint8Array.of(0x64, 0x2f, 0xff) });
  t.deepEqual(
    entries.map((entry) => entry.kind === "object" && Buffer.compare(entry.object.keyBytes, raw)),
    [0],
  );
});

test("what belongs to another passphrase is left out", async (t) => {
  const { context, satellite } = objectsContext(CipherSuite.AesGcm, ["a", "b"]);
  const other = { ...context, store: createStore({ defaultKey: new Uint8Array(32).fill(8) }) };
  t.deepEqual(await listObjects(other, "bucket"), { entries: [], next: undefined });
  t.true(satellite.calls > 0);
});

test("an object whose metadata cannot be opened is listed without", async (t) => {
  const store = storeWith(CipherSuite.AesGcm);
  const encryptedObjectKey = encryptPath(store, bucket, utf8("a"));
  const encryptedMetadata = StreamMeta.encode(
    StreamMeta.fromPartial({ encryptedStreamInfo: new Uint8Array(40), encryptionType: 2 }),
  ).finish();
  const item = ObjectListItem.fromPartial({ encryptedObjectKey, encryptedMetadata, plainSize: 3 });
  const context = { store, metainfo: listingSatellite([item]).metainfo } as unknown as ProjectContext;
  const { entries } = await listObjects(context, "bucket");
  t.deepEqual(
    entries.map((entry) => entry.kind === "object" && [entry.object.size, entry.object.custom]),
    [[3, {}]],
  );
});

test("large trees are walked folder by folder, only as far as the page needs", async (t) => {
  const keys: string[] = [];
  for (let dir = 0; dir < 30; dir++) for (let file = 0; file < 20; file++) keys.push(`d${dir}/f${file}`);
  const { context, satellite } = objectsContext(CipherSuite.AesGcm, keys, 10);
  const { entries } = await listObjects(context, "bucket", { limit: 25 });
  t.deepEqual(entries.map(nameOf), expected(keys, {}).slice(0, 25));
  // 4 pages that show the tree is large, 3 for the top folder, 2 or 3 for each folder looked into.
  t.true(satellite.calls <= 15, `${satellite.calls} calls`);
});

test("a limit of nothing asks nobody", async (t) => {
  const { context, satellite } = objectsContext(CipherSuite.AesGcm, ["a"]);
  t.deepEqual(await listObjects(context, "bucket", { limit: 0 }), { entries: [], next: undefined });
  t.is(satellite.calls, 0);
  await t.throwsAsync(listObjects(context, "bucket", { limit: -1 }), { code: "invalid-argument" });
});

test("uploads of one key are listed by age and stay on one page", async (t) => {
  const uploads = [
    { key: "b", seconds: 3 },
    { key: "b", seconds: 1 },
    { key: "b", seconds: 2 },
    { key: "a", seconds: 9 },
    { key: "c/d", seconds: 5 },
  ];
  const { context } = contextOf(CipherSuite.AesGcm, uploads, Object_Status.UPLOADING);
  const name = (entry: UploadEntry) =>
    entry.kind === "prefix" ? entry.prefix : `${entry.upload.key} ${entry.upload.createdAt.getTime() / 1000}`;
  const all = await listUploads(context, "bucket");
  t.deepEqual(all.entries.map(name), ["a 9", "b 1", "b 2", "b 3", "c/d 5"]);
  const [first] = all.entries;
  t.deepEqual(first?.kind === "upload" && first.upload.custom, { key: "a" });
  const folders = await listUploads(context, "bucket", { delimiter: "/", cursor: "b" });
  t.deepEqual(folders.entries.map(name), ["c/"]);
  // The three of "b" do not fit behind "a".
  const page = await listUploads(context, "bucket", { limit: 3 });
  t.deepEqual(page.entries.map(name), ["a 9"]);
  const next = await listUploads(context, "bucket", { limit: 3, cursor: page.next });
  t.deepEqual(next.entries.map(name), ["b 1", "b 2", "b 3"]);
  // More uploads of one key than a page takes: the oldest, and then the next key.
  const small = await listUploads(context, "bucket", { limit: 2, cursor: "a" });
  t.deepEqual(small.entries.map(name), ["b 1", "b 2"]);
  const last = await listUploads(context, "bucket", { limit: 2, cursor: small.next });
  t.deepEqual(last.entries.map(name), ["c/d 5"]);
});
