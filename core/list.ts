import { Object_Status, type ObjectListItem } from "../proto/gen/metainfo.js";
import type { ListEntry, ListObjectsOptions, ListPage, ListVersionsOptions, UploadEntry, VersionPage } from "./api.js";
import { compareBytes, concatBytes, equalBytes, startsWithBytes, utf8, utf8Text } from "./bytes/bytes.js";
import type { ProjectContext } from "./context.js";
import { CipherSuite } from "./crypto/cipher-suite.js";
import { deriveContentKey } from "./crypto/path.js";
import { isPosternError, PosternError } from "./errors.js";
import { createListAhead } from "./list-ahead.js";
import { boundAfter, type ListedItem, type ListScope, listPage, maximumPage } from "./list-folder.js";
import { isAfter, type ListBound } from "./list-select.js";
import { firstOfFolder, firstOfTree } from "./list-walk.js";
import { bucketBytes, keyBytes } from "./location.js";
import { type OpenedMetadata, openMetadata } from "./metadata.js";
import { uploadIdText } from "./multipart.js";
import { dateOf, isDeleteMarker, objectInfo } from "./object.js";

interface Listing {
  readonly prefix: Uint8Array;
  /** Empty for none. */
  readonly delimiter: Uint8Array;
  readonly cursor: Uint8Array | undefined;
  /** Goes on within the key `cursor`. */
  readonly versionCursor?: Uint8Array | undefined;
  readonly limit: number;
  readonly continues: boolean;
}

export async function listObjects(
  context: ProjectContext,
  bucket: string,
  options: ListObjectsOptions = {},
): Promise<ListPage<ListEntry>> {
  const includes = options.custom ? { metadata: true, includeEtag: true } : { includeEtagOrCustomMetadata: true };
  const scope = { context, bucket: bucketBytes(bucket), pending: false, includes, signal: options.signal };
  const listing = listingOf(options);
  if (listing.limit === 0) return { entries: [], next: undefined };
  const found = await firstEntries(scope, listing, listing.limit + 1);
  const page = found.slice(0, listing.limit);
  const entries = page.map((one): ListEntry => {
    if (one.isPrefix) return prefixEntry(one.key);
    return { kind: "object", object: objectInfo(one.key, one.item, options.bare ? openForSize(one) : openItem(one)) };
  });
  return { entries, next: found.length > listing.limit ? page.at(-1)?.key : undefined };
}

export async function listVersions(
  context: ProjectContext,
  bucket: string,
  options: ListVersionsOptions = {},
): Promise<VersionPage> {
  const includes = options.custom ? { metadata: true, includeEtag: true } : { includeEtagOrCustomMetadata: true };
  const base = { context, bucket: bucketBytes(bucket), pending: false, includes, signal: options.signal };
  const listing = { ...listingOf(options), versionCursor: options.versionCursor };
  if (listing.limit === 0) return { entries: [], next: undefined, nextVersion: undefined };
  const found = await firstEntries({ ...base, versions: true }, listing, listing.limit + 1);
  const page = found.slice(0, listing.limit);
  const entries = page.map((one): ListEntry => {
    if (one.isPrefix) return prefixEntry(one.key);
    const info = objectInfo(one.key, one.item, isDeleteMarker(one.item.status) ? nothing : openItem(one));
    return { kind: "object", object: { ...info, isLatest: one.item.isLatest } };
  });
  const last = found.length > listing.limit ? page.at(-1) : undefined;
  return { entries, next: last?.key, nextVersion: last?.isPrefix ? undefined : last?.item.objectVersion };
}

export async function listUploads(
  context: ProjectContext,
  bucket: string,
  options: ListObjectsOptions = {},
): Promise<ListPage<UploadEntry>> {
  const includes = { metadata: true };
  const scope = { context, bucket: bucketBytes(bucket), pending: true, includes, signal: options.signal };
  const listing = listingOf(options);
  if (listing.limit === 0) return { entries: [], next: undefined };
  const found = await firstEntries(scope, listing, listing.limit + 1);
  const page = wholeKeys(found, listing.limit);
  const entries = page.map((one): UploadEntry => {
    if (one.isPrefix) return prefixEntry(one.key);
    const upload = {
      uploadId: uploadIdText(one.item.streamId),
      key: utf8Text(one.key),
      keyBytes: one.key,
      createdAt: dateOf(one.item.createdAt) ?? new Date(0),
      custom: openItem(one).custom,
    };
    return { kind: "upload", upload };
  });
  return { entries, next: found.length > page.length ? page.at(-1)?.key : undefined };
}

/** Cuts a page between keys, unless it holds one key only: the cursor of the next page is a key. */
function wholeKeys(found: readonly ListedItem[], limit: number): readonly ListedItem[] {
  const next = found[limit];
  if (next === undefined) return found;
  const start = found.findIndex((one) => equalBytes(one.key, next.key));
  return found.slice(0, start > 0 && start < limit ? start : limit);
}

function prefixEntry(prefix: Uint8Array) {
  return { kind: "prefix", prefix: utf8Text(prefix), prefixBytes: prefix } as const;
}

function listingOf(options: ListObjectsOptions): Listing {
  const { delimiter = "", cursor, limit = maximumPage } = options;
  if (!Number.isInteger(limit) || limit < 0) throw new PosternError("invalid-argument", "limit is negative");
  return {
    prefix: keyBytes(options.prefix ?? ""),
    delimiter: utf8(delimiter),
    cursor: cursor === undefined || cursor.length === 0 ? undefined : keyBytes(cursor),
    limit: Math.min(limit, maximumPage),
    continues: options.continues === true && cursor !== undefined && cursor.length > 0,
  };
}

const listAhead = createListAhead();

/** The first `count` entries of a listing, in byte order of their plain keys. */
async function firstEntries(scope: ListScope, listing: Listing, count: number): Promise<ListedItem[]> {
  const { prefix, delimiter } = listing;
  const cipher = scope.context.store.lookupUnencrypted(scope.bucket, prefix)?.pathCipher;
  if (cipher === CipherSuite.Null) return await plainEntries(scope, listing, count);
  const bound = boundOf(listing);
  const { continues } = listing;
  const folders = equalBytes(delimiter, utf8("/"));
  if (delimiter.length > 0 && !folders) return await groupedEntries(scope, listing, count);
  const first = folders ? firstOfFolder : firstOfTree;
  return await listAhead.read({ scope, prefix, delimiter, bound, count, continues }, (most) =>
    first(scope, { prefix, bound, count: most }),
  );
}

function boundOf({ cursor, versionCursor }: Listing): ListBound {
  return cursor === undefined ? undefined : { afterKey: cursor, afterVersion: versionCursor };
}

/** Prefix that stands for a key: up to and with the first delimiter after the listed prefix. */
function groupOf(key: Uint8Array, { prefix, delimiter }: Listing): Uint8Array | undefined {
  if (!startsWithBytes(key, prefix)) return undefined;
  const at = Buffer.from(key.buffer, key.byteOffset, key.length).indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.subarray(0, at + delimiter.length);
}

/** Any delimiter but a slash: the tree is read in order, and groups are skipped once they are known. */
async function groupedEntries(scope: ListScope, listing: Listing, count: number): Promise<ListedItem[]> {
  const { prefix, cursor } = listing;
  const entries: ListedItem[] = [];
  const cursorGroup = cursor === undefined ? undefined : groupOf(cursor, listing);
  let bound = boundOf(listing);
  if (cursorGroup !== undefined) bound = { afterPrefix: cursorGroup };
  for (;;) {
    const items = await firstOfTree(scope, { prefix, bound, count: maximumPage });
    let group: Uint8Array | undefined;
    for (const item of items) {
      if (group !== undefined && startsWithBytes(item.key, group)) continue;
      group = groupOf(item.key, listing);
      entries.push(group === undefined ? item : { ...item, key: group, isPrefix: true });
      bound = group === undefined ? boundAfter(scope, item) : { afterPrefix: group };
      if (entries.length === count) return entries;
    }
    if (items.length < maximumPage) return entries;
  }
}

/** With the null path cipher the satellite's order is that of the plain keys, and it takes any prefix and delimiter. */
async function plainEntries(scope: ListScope, listing: Listing, count: number): Promise<ListedItem[]> {
  const { prefix, delimiter, cursor } = listing;
  let encryptedCursor: Uint8Array = new Uint8Array(0);
  if (cursor !== undefined) {
    if (startsWithBytes(cursor, prefix)) encryptedCursor = cursor.subarray(prefix.length);
    else if (compareBytes(cursor, prefix) > 0) return [];
  }
  const entries: ListedItem[] = [];
  const from = boundOf(listing);
  let versionCursor = listing.versionCursor ?? new Uint8Array(0);
  let wholePage = false;
  for (;;) {
    const limit = wholePage ? maximumPage : Math.min(count - entries.length, maximumPage);
    const reply = await listPage(scope, {
      encryptedPrefix: prefix,
      arbitraryPrefix: true,
      encryptedCursor,
      versionCursor,
      recursive: delimiter.length === 0,
      limit,
      ...(delimiter.length > 0 ? { delimiter } : {}),
    });
    const last = reply.items.at(-1);
    if (reply.more && last?.encryptedObjectKey.length === 0) {
      // The key that is the prefix: there is no cursor after it, so the page has to reach further.
      if (wholePage) throw new PosternError("unimplemented", "too many versions of the key that is the prefix");
      wholePage = true;
      continue;
    }
    wholePage = false;
    for (const item of reply.items) {
      const entry = plainItem(scope, prefix, item);
      // A key that is the prefix itself has an empty cursor, which says nothing to the satellite.
      const atCursor = cursor !== undefined && equalBytes(entry.key, cursor);
      if (!atCursor || (scope.versions && isAfter(from, entry.key, item.objectVersion))) entries.push(entry);
    }
    if (!reply.more || last === undefined || entries.length >= count) return entries.slice(0, count);
    encryptedCursor = last.encryptedObjectKey;
    versionCursor = last.objectVersion;
  }
}

function plainItem({ context, bucket }: ListScope, prefix: Uint8Array, item: ObjectListItem): ListedItem {
  const key = concatBytes(prefix, item.encryptedObjectKey);
  const contentKey = () => deriveContentKey(context.store, bucket, key);
  return { key, isPrefix: item.status === Object_Status.PREFIX, item, contentKey };
}

const nothing: OpenedMetadata = {
  custom: {},
  etag: undefined,
  segmentsSize: 0,
  lastSegmentSize: 0,
  numberOfSegments: 0,
  cipherSuite: 0,
  encryptionBlockSize: 0,
};

/** What is needed of an item's metadata where only its size is of interest: nothing, mostly (`plainSizeOf`). */
export function openForSize(listed: ListedItem): OpenedMetadata {
  return listed.item.plainSize > 0 ? nothing : openItem(listed);
}

/** Opens the metadata of an item. One that cannot be opened is listed without, so that it can be seen and deleted. */
function openItem({ item, contentKey }: ListedItem): OpenedMetadata {
  try {
    return openMetadata(item, contentKey());
  } catch (error) {
    if (isPosternError(error, "decryption-failed")) return nothing;
    throw error;
  }
}
