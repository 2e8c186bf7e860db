import type { ListEntry, ObjectInfo } from "../../../core/index.js";
import { parentOf } from "../links.js";
import type { Reply } from "../reply.js";
import { mayHaveThumbnail } from "../thumbnails/thumbnails.js";
import { bytesOf, encodeBytes, textOf, toBytes } from "../uri.js";
import type { View } from "../view.js";
import { type FolderEntry, type FolderPage, renderFolderPage, type SortKey } from "../views/index.js";
import { breadcrumbsOf } from "./breadcrumbs.js";
import { frameOf, htmlReply } from "./html.js";

/** Storj's console makes folders visible with an empty object of this name. */
const placeholder = ".file_placeholder";
/** Larger images are not read for a small one. */
const thumbnailBytes = 20 * 2 ** 20;

/** The page of a folder: a page of its listing, sorted within itself. */
export async function folderReply(view: View): Promise<Reply> {
  const listing = await listFolder(view);
  const model = folderModel(view, listing);
  return htmlReply(200, renderFolderPage(model), model.assets);
}

interface Listing {
  readonly entries: readonly ListEntry[];
  /** Cursor of the next page: a name in the folder, bytes-as-characters. */
  readonly next: string | undefined;
}

async function listFolder({ project, bucket, key, wishes, options, signal }: View): Promise<Listing> {
  const prefix = toBytes(key);
  const entries: ListEntry[] = [];
  let cursor: Uint8Array | undefined = wishes.cursor === "" ? undefined : toBytes(key + wishes.cursor);
  for (;;) {
    // A folder has at most two placeholders, and one entry more tells whether there is a next page.
    const limit = Math.min(options.pageEntries + 3, 1_000);
    const page = await project.listObjects(bucket, { prefix, delimiter: "/", cursor, limit, bare: true, signal });
    for (const entry of page.entries) {
      if (isPlaceholder(entry, key)) continue;
      if (entries.length === options.pageEntries) {
        return { entries, next: keyOf(entries.at(-1)!).slice(key.length) };
      }
      entries.push(entry);
    }
    if (page.next === undefined) return { entries, next: undefined };
    cursor = page.next;
  }
}

/** Source: storj/edge sharing/list.go isFolderPlaceholder. */
function isPlaceholder(entry: ListEntry, folder: string): boolean {
  if (entry.kind === "prefix") return false;
  const name = keyOf(entry).slice(folder.length);
  return name === placeholder || (name === "" && entry.object.size === 0);
}

function keyOf(entry: ListEntry): string {
  return bytesOf(entry.kind === "prefix" ? entry.prefixBytes : entry.object.keyBytes);
}

function folderModel(view: View, { entries, next }: Listing): FolderPage & { assets: string } {
  const { request, wishes, links, key, options } = view;
  const by = sortKeys.find((known) => known === request.query.get("sort")) ?? "name";
  const descending = request.query.get("order") === "desc";
  const layout = request.query.get("layout") === "grid" ? "grid" : "list";
  const here = {
    sort: by === "name" ? undefined : by,
    order: descending ? "desc" : undefined,
    layout: gridOnly(layout),
  };
  const cursor = wishes.cursor === "" ? undefined : wishes.cursor;
  const page = (changes: Readonly<Record<string, string | undefined>>) => {
    const { cursor: at, ...rest }: Readonly<Record<string, string | undefined>> = { ...here, cursor, ...changes };
    return withCursor(links.folder(key, rest), at);
  };
  const sorted = (column: SortKey) =>
    page({
      sort: column === "name" ? undefined : column,
      order: column === by && !descending ? "desc" : undefined,
    });
  return {
    ...frameOf(view),
    title: textOf(key.slice(parentOf(key).length).replace(/\/$/, "")) || view.title,
    breadcrumbs: breadcrumbsOf(view, key),
    entries: entries.map((entry) => entryOf(view, entry)).sort(comparison(by, descending)),
    next: next === undefined ? undefined : page({ cursor: next }),
    first: cursor === undefined ? undefined : page({ cursor: undefined }),
    sort: { by, descending, urls: { name: sorted("name"), size: sorted("size"), modified: sorted("modified") } },
    downloads: options.folderDownloads && !view.hosting ? downloadUrls(view) : undefined,
    view: layout,
    viewUrls: { list: page({ layout: undefined }), grid: page({ layout: "grid" }) },
    shareUrl: links.origin + links.folder(key),
  };
}

const sortKeys = ["name", "size", "modified"] as const satisfies readonly SortKey[];

function gridOnly(layout: "list" | "grid"): string | undefined {
  return layout === "grid" ? "grid" : undefined;
}

/** Cursors are bytes, which need not be text. */
function withCursor(url: string, cursor: string | undefined): string {
  if (cursor === undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}cursor=${encodeBytes(cursor)}`;
}

function downloadUrls({ links, key }: View): NonNullable<FolderPage["downloads"]> {
  const of = (kind: string) => links.folder(key, { download: "1", "download-kind": kind });
  return { zip: of("zip"), tarGz: of("tar.gz") };
}

function entryOf(view: View, entry: ListEntry): FolderEntry {
  const { links } = view;
  const key = keyOf(entry);
  const name = textOf(key.slice(view.key.length));
  if (entry.kind === "prefix") return { name: name.replace(/\/$/, ""), kind: "folder", url: links.folder(key) };
  const { size, createdAt } = entry.object;
  return {
    name: name === "" ? textOf(key) : name,
    kind: "object",
    size,
    modified: createdAt,
    url: links.object(key),
    thumbnail: hasThumbnail(view, name, entry.object) ? links.raw(key, { thumbnail: "1" }) : undefined,
  };
}

function hasThumbnail(view: View, name: string, { size }: ObjectInfo): boolean {
  const possible = view.services.thumbnails !== undefined && size > 0 && size <= thumbnailBytes;
  return possible && mayHaveThumbnail(name);
}

/** Folders come first; what is equal stays in the order of names. */
function comparison(by: SortKey, descending: boolean): (a: FolderEntry, b: FolderEntry) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    if (a.kind !== b.kind) return a.kind === "folder" ? -1 : 1;
    if (by === "size" && a.kind === "object") return sign * ((a.size ?? 0) - (b.size ?? 0));
    if (by === "modified" && a.kind === "object") return sign * (Number(a.modified) - Number(b.modified));
    return by === "name" ? sign * (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) : 0;
  };
}
