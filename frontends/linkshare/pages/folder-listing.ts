import type { ListEntry } from "../../../core/index.js";
import { bytesOf, toBytes } from "../uri.js";
import type { View } from "../view.js";
import type { SortKey } from "../views/index.js";

/** A page of a folder. */
export interface FolderListing {
  readonly entries: readonly ListEntry[];
  /** Cursor of the next page: a name in the folder, bytes-as-characters. */
  readonly next: string | undefined;
}

export interface FolderOrder {
  readonly by: SortKey;
  readonly descending: boolean;
}

/** Storj's console makes folders visible with an empty object of this name. */
const placeholder = ".file_placeholder";
/** What one call to the satellite gives: folders of up to so many entries are sorted as a whole. */
const sortedEntries = 1_000;

/** The page that `cursor` asks for, in order. Larger folders are sorted page by page. */
export async function listFolder(view: View, order: FolderOrder): Promise<FolderListing> {
  if (order.by === "name" && !order.descending) return pageByName(view, order);
  return (await pageOfSorted(view, order)) ?? pageByName(view, order);
}

async function pageOfSorted(view: View, order: FolderOrder): Promise<FolderListing | undefined> {
  const { project, bucket, key, wishes, options, signal } = view;
  const query = { prefix: toBytes(key), delimiter: "/", limit: sortedEntries, bare: true, signal };
  const page = await project.listObjects(bucket, query);
  if (page.next !== undefined) return undefined;
  const all = page.entries.filter((entry) => !isPlaceholder(entry, key)).sort(comparison(order));
  const start = wishes.cursor === "" ? 0 : all.findIndex((entry) => nameIn(key, entry) === wishes.cursor) + 1;
  const entries = all.slice(start, start + options.pageEntries);
  const more = start + entries.length < all.length;
  return { entries, next: more ? nameIn(key, entries.at(-1)!) : undefined };
}

async function pageByName(view: View, order: FolderOrder): Promise<FolderListing> {
  const { project, bucket, key, wishes, options, signal } = view;
  const prefix = toBytes(key);
  const entries: ListEntry[] = [];
  let cursor: Uint8Array | undefined = wishes.cursor === "" ? undefined : toBytes(key + wishes.cursor);
  for (;;) {
    // A folder has at most two placeholders, and one entry more tells whether there is a next page.
    const limit = options.pageEntries + 3;
    const page = await project.listObjects(bucket, { prefix, delimiter: "/", cursor, limit, bare: true, signal });
    for (const entry of page.entries) {
      if (isPlaceholder(entry, key)) continue;
      if (entries.length === options.pageEntries) {
        const next = nameIn(key, entries.at(-1)!);
        return { entries: entries.sort(comparison(order)), next };
      }
      entries.push(entry);
    }
    if (page.next === undefined) return { entries: entries.sort(comparison(order)), next: undefined };
    cursor = page.next;
  }
}

/** Source: storj/edge sharing/list.go isFolderPlaceholder. */
function isPlaceholder(entry: ListEntry, folder: string): boolean {
  if (entry.kind === "prefix") return false;
  const name = nameIn(folder, entry);
  return name === placeholder || (name === "" && entry.object.size === 0);
}

/** Bytes-as-characters. */
export function keyOfEntry(entry: ListEntry): string {
  return bytesOf(entry.kind === "prefix" ? entry.prefixBytes : entry.object.keyBytes);
}

function nameIn(folder: string, entry: ListEntry): string {
  return keyOfEntry(entry).slice(folder.length);
}

/** Folders come first; what is equal stays in the order of names. */
function comparison({ by, descending }: FolderOrder): (a: ListEntry, b: ListEntry) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    if (a.kind !== b.kind) return a.kind === "prefix" ? -1 : 1;
    if (by === "name") return sign * Buffer.compare(bytesToSort(a), bytesToSort(b));
    if (a.kind === "prefix" || b.kind === "prefix") return 0;
    if (by === "size") return sign * (a.object.size - b.object.size);
    return sign * (a.object.createdAt.getTime() - b.object.createdAt.getTime());
  };
}

function bytesToSort(entry: ListEntry): Uint8Array {
  return entry.kind === "prefix" ? entry.prefixBytes : entry.object.keyBytes;
}
