import { isPosternError, type ObjectInfo } from "../../../core/index.js";
import { openZip, type ZipArchive } from "../archive/zip-reader.js";
import { LinkError } from "../errors.js";
import { nameOf } from "../links.js";
import { previewKind } from "../preview/kind.js";
import { contentHeaders, typeOfName } from "../raw/content-headers.js";
import { read } from "../raw/deliver.js";
import { evaluatePreconditions } from "../raw/preconditions.js";
import type { Reply } from "../reply.js";
import { baseName, textOf } from "../uri.js";
import type { View } from "../view.js";
import { type ArchivePage, type ObjectPage, renderArchivePage, renderObjectPage } from "../views/index.js";
import { acceptsCoding } from "./accept-encoding.js";
import { breadcrumbsOf } from "./breadcrumbs.js";
import { frameOf, htmlReply } from "./html.js";
import { textPreview } from "./text-preview.js";

const badArchive = "The zip archive is invalid or uses the wrong compression format.";
/** Of a directory, which is held in memory. */
const maxDirectoryBytes = 8 << 20;
/** More are not shown; they can still be named. */
const shownEntries = 10_000;

/** What is in a zip archive, all names sorted (storj/edge sharing/list.go listObjectsArchive). */
export async function archivePageReply(view: View, key: string, info: ObjectInfo): Promise<Reply> {
  const archive = await open(view, key, info);
  const files = archive.entries.filter(({ name }) => !name.endsWith("/"));
  const sorted = files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const page: ArchivePage & { assets: string } = {
    ...frameOf(view),
    title: textOf(nameOf(key, view.bucket)),
    breadcrumbs: breadcrumbsOf(view, key),
    entries: sorted.slice(0, shownEntries).map(({ name, size, modified, readable }) => ({
      name,
      size,
      modified,
      url: readable ? view.links.object(key, { path: name }) : undefined,
    })),
    hidden: archive.hidden,
    cut: archive.cut || sorted.length > shownEntries,
    urls: { download: view.links.raw(key, { download: "1" }), object: view.links.object(key) },
  };
  return htmlReply(200, renderArchivePage(page), page.assets);
}

/** The page around one file of a zip archive. */
export async function archiveEntryPageReply(view: View, key: string, info: ObjectInfo, path: string): Promise<Reply> {
  const archive = await open(view, key, info);
  const entry = archive.entries.find(({ name }) => name === path);
  if (entry === undefined) throw new LinkError(404, "Object not found.");
  const name = baseName(path);
  const contentType = typeOfName(name);
  const kind = previewKind(name, contentType);
  // Entries come in one go: what seeks in a file is only downloaded.
  const shown = entry.readable && ["image", "text", "markdown"].includes(kind) ? kind : "none";
  const stream =
    shown === "text" || shown === "markdown" ? archive.open(path, { signal: view.signal })?.stream : undefined;
  const parameters = { path };
  const page: ObjectPage & { assets: string } = {
    ...frameOf(view),
    name,
    key: `${textOf(key)}/${path}`,
    bucket: view.bucket,
    size: entry.size,
    modified: entry.modified,
    contentType,
    kind: shown,
    urls: {
      raw: view.links.raw(key, parameters),
      download: view.links.raw(key, { ...parameters, download: "1" }),
      archive: view.links.object(key, { path: "/" }),
    },
    ...(stream === undefined ? {} : await textPreview(view, name, shown, stream, entry.size, path)),
    breadcrumbs: breadcrumbsOf(view, key),
    shareUrl: view.links.origin + view.links.object(key, { ...parameters, wrap: "1" }),
  };
  return htmlReply(200, renderObjectPage(page), page.assets);
}

/** One file out of a zip archive. */
export async function archiveEntryReply(view: View, key: string, info: ObjectInfo, path: string): Promise<Reply> {
  const { request, wishes } = view;
  if (request.header("range") !== undefined) {
    throw new LinkError(416, "Range header isn't compatible with path query.");
  }
  const accepted = request.header("accept-encoding");
  const gzip = acceptsCoding(accepted, "gzip");
  if (!gzip && !acceptsCoding(accepted, "identity")) {
    throw new LinkError(415, "Unsupported content coding.", {
      headers: { "Accept-Encoding": "gzip, identity, *;q=0" },
    });
  }
  const archive = await open(view, key, info);
  const fileName = baseName(path);
  // What the archive's own metadata says is about the archive.
  const headers: Record<string, string> = {
    ...contentHeaders({ type: typeOfName(fileName), fileName, custom: {} }, wishes.download, view.content),
    "Last-Modified": info.createdAt.toUTCString(),
  };
  const verdict = evaluatePreconditions(request, { etag: undefined, modified: info.createdAt });
  if (verdict === "not-modified") return { status: 304, headers: { "Last-Modified": headers["Last-Modified"]! } };
  if (verdict === "failed") return { status: 412, headers: {}, body: "" };
  const entry = archive.open(path, { gzip, signal: view.signal });
  if (entry === undefined) throw new LinkError(415, badArchive);
  headers["Content-Length"] = String(entry.size);
  headers["Vary"] = "Accept-Encoding";
  if (entry.encoding !== undefined) headers["Content-Encoding"] = entry.encoding;
  return { status: 200, headers, body: { stream: entry.stream, close: () => {} } };
}

async function open(view: View, key: string, info: ObjectInfo): Promise<ZipArchive> {
  const source = {
    size: info.size,
    read: (start: number, end: number) => read(view, key, info, { offset: start, length: end - start }),
  };
  const { signal, services } = view;
  try {
    return await services.archives.run(signal, () => openZip(source, { maxDirectoryBytes, signal }));
  } catch (error) {
    if (isPosternError(error, "corrupt-data", "resource-exhausted")) {
      throw new LinkError(415, badArchive, { cause: error });
    }
    throw error;
  }
}
