import test from "ava";
import fc from "fast-check";
import { concatBytes, toHex, utf8, utf8Text } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { ListPendingObjectStreamsRequest, type ObjectListItem } from "../../../proto/gen/metainfo.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import { encryptedKey, failure, nonce, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, createBucket, list, putInline } from "../../helpers/satellite-calls.js";

const names = (items: readonly ObjectListItem[]) =>
  items.map((item) => `${utf8Text(item.encryptedObjectKey)}${item.status === 7 ? " (prefix)" : ""}`);

test("keys come in byte order, below a prefix that ends in the delimiter, folded or not", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  for (const key of ["b", "a/1", "a/2/x", "a/2/y", "a", "a/", "a0", "c/z"]) await putInline(on, "bucket", key);
  t.deepEqual(names((await list(on, "bucket")).items), ["a", "a/ (prefix)", "a0", "b", "c/ (prefix)"]);
  t.deepEqual(names((await list(on, "bucket", { recursive: true })).items), [
    "a",
    "a/",
    "a/1",
    "a/2/x",
    "a/2/y",
    "a0",
    "b",
    "c/z",
  ]);
  const below = { encryptedPrefix: utf8("a") };
  t.deepEqual(names((await list(on, "bucket", below)).items), ["", "1", "2/ (prefix)"]);
  t.deepEqual(names((await list(on, "bucket", { ...below, recursive: true })).items), ["", "1", "2/x", "2/y"]);
  const arbitrary = { ...below, arbitraryPrefix: true };
  t.deepEqual(names((await list(on, "bucket", arbitrary)).items), ["", "/ (prefix)", "0"]);
  t.deepEqual(names((await list(on, "bucket", { delimiter: utf8("/2/") })).items), [
    "a",
    "a/",
    "a/1",
    "a/2/ (prefix)",
    "a0",
    "b",
    "c/z",
  ]);
  t.deepEqual(await failure(list(on, "nobucket")), {
    status: RpcStatus.NotFound,
    message: "bucket not found: nobucket",
  });
  t.deepEqual(await failure(list(on, "bucket", { limit: -1 })), { status: 3, message: "limit is negative" });
});

test("items carry what was asked for", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const meta = StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo: utf8("info") })).finish();
  const user = {
    encryptedMetadata: meta,
    encryptedMetadataNonce: nonce(),
    encryptedMetadataEncryptedKey: encryptedKey(),
  };
  await putInline(on, "bucket", "with etag", { commit: { ...user, encryptedEtag: utf8("tag") } });
  await putInline(on, "bucket", "without", { commit: user });
  const items = async (fields: object) =>
    (await list(on, "bucket", { objectIncludes: { excludeSystemMetadata: true, ...fields } })).items;

  const [bare] = await items({});
  t.is(bare!.createdAt, undefined);
  t.is(bare!.encryptedMetadata.length, 0);
  t.is(bare!.objectVersion.length, 0);

  const [tagged] = await items({ includeEtag: true });
  t.is(utf8Text(tagged!.encryptedEtag), "tag");
  const taggedMeta = StreamMeta.decode(tagged!.encryptedMetadata);
  t.is(taggedMeta.encryptionType, 2);
  t.is(taggedMeta.encryptedStreamInfo.length, 0);
  t.is(taggedMeta.numberOfSegments, 0);
  t.is(taggedMeta.lastSegmentMeta, undefined);

  const [first, second] = await items({ includeEtagOrCustomMetadata: true });
  t.is(utf8Text(first!.encryptedEtag), "tag");
  t.is(StreamMeta.decode(first!.encryptedMetadata).encryptedStreamInfo.length, 0);
  t.is(second!.encryptedEtag.length, 0);
  t.is(utf8Text(StreamMeta.decode(second!.encryptedMetadata).encryptedStreamInfo), "info");

  const [legacy] = (await list(on, "bucket", { useObjectIncludes: false })).items;
  const legacyMeta = StreamMeta.decode(legacy!.encryptedMetadata);
  t.is(legacyMeta.numberOfSegments, 1);
  t.is(toHex(legacyMeta.lastSegmentMeta!.encryptedKey), toHex(user.encryptedMetadataEncryptedKey));
  t.is(legacy!.plainSize, 4);
});

test("uploads under way are listed apart, with the id that they were begun with", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "p/object");
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push(toHex((await beginUpload(on, "bucket", "p/upload")).streamId));
  await beginUpload(on, "bucket", "p/upload/below");

  const page = await list(on, "bucket", { status: 1, encryptedPrefix: utf8("p") });
  t.deepEqual(names(page.items), ["upload", "upload", "upload", "upload/ (prefix)"]);
  t.deepEqual(
    page.items.slice(0, 3).map((item) => toHex(item.streamId)),
    ids,
  );
  const next = await list(on, "bucket", {
    status: 1,
    encryptedPrefix: utf8("p"),
    encryptedCursor: utf8("upload"),
    versionCursor: page.items[0]!.objectVersion,
  });
  t.deepEqual(
    next.items.slice(0, 2).map((item) => toHex(item.streamId)),
    ids.slice(1),
  );

  const one = await on.client.listPendingObjectStreams(
    ListPendingObjectStreamsRequest.fromPartial({
      bucket: utf8("bucket"),
      encryptedObjectKey: utf8("p/upload"),
      limit: 2,
      header: on.header,
    }),
  );
  t.true(one.more);
  t.is(one.items.length, 2);
  t.is(utf8Text(one.items[0]!.encryptedObjectKey), "p/upload");
  t.true(ids.includes(toHex(one.items[0]!.streamId)));
});

const alphabet = [0x00, 0x2f, 0x61, 0x62, 0xfe, 0xff];
const keyBytes = fc
  .array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: 6 })
  .map((bytes) => Uint8Array.from(bytes));

interface Listing {
  readonly prefix: Uint8Array;
  readonly recursive: boolean;
  readonly limit: number;
}

test("every page of every listing is what a plain reading of the keys gives", async (t) => {
  const on = await testSatellite(t);
  let bucketNumber = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(keyBytes, { maxLength: 25, selector: toHex }),
      fc.array(
        fc.record({
          prefix: fc.oneof(fc.constant(new Uint8Array(0)), keyBytes),
          recursive: fc.boolean(),
          limit: fc.integer({ min: 1, max: 4 }),
        }),
        { minLength: 3, maxLength: 3 },
      ),
      async (all, listings) => {
        // An object whose key is the prefix has an empty name below it, which as a cursor means the beginning: a page
        // that ends with it can not be gone on from, on the real satellite either.
        const keys = all.filter((key) => !listings.some(({ prefix }) => toHex(prefix) === toHex(key)));
        const bucket = `bucket-${bucketNumber++}`;
        await createBucket(on, bucket);
        await Promise.all(keys.map((key) => putInline(on, bucket, key)));
        for (const listing of listings) {
          t.deepEqual(await walk(on, bucket, listing), plainListing(keys, listing));
        }
        await on.client.deleteBucket({
          name: utf8(bucket),
          deleteAll: true,
          bypassGovernanceRetention: false,
          header: on.header,
        });
      },
    ),
    { numRuns: 40 },
  );
});

/** All pages, following the cursor as libuplink does. */
async function walk(on: TestSatellite, bucket: string, { prefix, recursive, limit }: Listing): Promise<string[]> {
  const found: string[] = [];
  let cursor = new Uint8Array(0);
  for (;;) {
    const page = await list(on, bucket, {
      encryptedPrefix: prefix,
      arbitraryPrefix: true,
      recursive,
      limit,
      encryptedCursor: cursor,
    });
    for (const item of page.items) {
      found.push(toHex(item.encryptedObjectKey) + (item.status === 7 ? " prefix" : ""));
      cursor = Uint8Array.from(item.encryptedObjectKey);
    }
    if (!page.more) return found;
    if (page.items.length !== limit) throw new Error("a page before the last is not full");
  }
}

function plainListing(keys: readonly Uint8Array[], { prefix, recursive }: Listing): string[] {
  const entries = new Set<string>();
  for (const key of keys.map((one) => Buffer.from(one)).sort(Buffer.compare)) {
    if (!key.subarray(0, prefix.length).equals(prefix)) continue;
    const relative = key.subarray(prefix.length);
    const slash = relative.indexOf(0x2f);
    const folded = !recursive && slash >= 0;
    entries.add(folded ? `${toHex(relative.subarray(0, slash + 1))} prefix` : toHex(relative));
  }
  return [...entries];
}

test("a page behind a prefix of many keys reads no more than it needs", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const puts = Array.from({ length: 350 }, (_, i) => putInline(on, "bucket", `many/${i}`));
  await Promise.all([...puts, putInline(on, "bucket", "after"), putInline(on, "bucket", "zebra")]);
  t.deepEqual(names((await list(on, "bucket", { limit: 2 })).items), ["after", "many/ (prefix)"]);
  const rest = await list(on, "bucket", { limit: 2, encryptedCursor: utf8("many/") });
  t.deepEqual(names(rest.items), ["zebra"]);
  t.false(rest.more);
  const keys = new Set<string>();
  let cursor = new Uint8Array(0);
  for (let more = true; more; ) {
    const page = await list(on, "bucket", { recursive: true, limit: 100, encryptedCursor: cursor });
    for (const name of names(page.items)) keys.add(name);
    cursor = Uint8Array.from(concatBytes(page.items.at(-1)!.encryptedObjectKey));
    more = page.more;
  }
  t.is(keys.size, 352);
});
