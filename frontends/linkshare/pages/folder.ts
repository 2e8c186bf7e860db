import type { ListEntry, ObjectInfo } from "../../../core/index.js";
import { parentOf } from "../links.js";
import type { Reply } from "../reply.js";
import { mayHaveThumbnail } from "../thumbnails/thumbnails.js";
import { encodeBytes, textOf } from "../uri.js";
import type { View } from "../view.js";
import { type FolderEntry, type FolderPage, renderFolderPage, type SortKey } from "../views/index.js";
import { breadcrumbsOf } from "./breadcrumbs.js";
import { type FolderListing, type FolderOrder, keyOfEntry, listFolder } from "./folder-listing.js";
import { frameOf, htmlReply } from "./html.js";

/** Larger images are not read for a small one. */
const thumbnailBytes = 20 * 2 ** 20;

/** The page of a folder. */
export async function folderReply(view: View): Promise<Reply> {
  const by = sortKeys.find((known) => known === view.request.query.get("sort")) ?? "name";
  const order = { by, descending: view.request.query.get("order") === "desc" };
  const model = folderModel(view, order, await listFolder(view, order));
  return htmlReply(200, renderFolderPage(model), model.assets);
}

function folderModel(
  view: View,
  { by, descending }: FolderOrder,
  { entries, next }: FolderListing,
): FolderPage & { assets: string } {
  const { request, wishes, links, key, options } = view;
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
      cursor: undefined,
      sort: column === "name" ? undefined : column,
      order: column === by && !descending ? "desc" : undefined,
    });
  return {
    ...frameOf(view),
    title: textOf(key.slice(parentOf(key).length).replace(/\/$/, "")) || view.title,
    breadcrumbs: breadcrumbsOf(view, key),
    entries: entries.map((entry) => entryOf(view, entry)),
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
  const key = keyOfEntry(entry);
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
