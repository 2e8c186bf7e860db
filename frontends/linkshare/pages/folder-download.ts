import type { ObjectInfo } from "../../../core/index.js";
import { streamTarGz } from "../archive/tar-writer.js";
import type { ArchiveEntry } from "../archive/zip-writer.js";
import { streamZip } from "../archive/zip-writer.js";
import { LinkError } from "../errors.js";
import { attachment } from "../raw/content-disposition.js";
import { read } from "../raw/deliver.js";
import type { Reply } from "../reply.js";
import { baseName, bytesOf, textOf, toBytes } from "../uri.js";
import type { View } from "../view.js";

const types = { zip: "application/zip", "tar.gz": "application/gzip" } as const;

/**
 * All that is below a prefix as one archive, made while it is read: one object at a time, one page of the listing at a
 * time. Source: storj/edge sharing/list.go downloadPrefix.
 */
export async function folderDownloadReply(view: View, kind: "zip" | "tar.gz"): Promise<Reply> {
  const leave = view.services.enterFolderDownload();
  if (leave === undefined) throw new LinkError(429, "Too many folders are downloaded now.");
  try {
    const { project, bucket, key, signal, options } = view;
    const pages = project.walkObjects(bucket, toBytes(key), { signal })[Symbol.asyncIterator]();
    const first = await pages.next();
    if (first.done === true) throw new LinkError(404, "Object not found.");
    const entries = entriesOf(view, first.value, pages);
    const stream =
      kind === "zip"
        ? streamZip(entries, { signal, maxEntries: options.zipEntries })
        : streamTarGz(entries, { signal });
    return {
      status: 200,
      headers: {
        "Content-Type": types[kind],
        "Content-Disposition": attachment(`${textOf(baseName(view.key)) || view.bucket}.${kind}`),
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
      },
      body: { stream, close: leave },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

async function* entriesOf(
  view: View,
  first: readonly ObjectInfo[],
  rest: AsyncIterator<readonly ObjectInfo[]>,
): AsyncGenerator<ArchiveEntry> {
  try {
    let page: readonly ObjectInfo[] | undefined = first;
    while (page !== undefined) {
      // Pages come in no order; what fits into one has an order all the same.
      for (const info of inOrder(page)) yield entryOf(view, info);
      const next: IteratorResult<readonly ObjectInfo[]> = await rest.next();
      page = next.done === true ? undefined : next.value;
    }
  } finally {
    await rest.return?.();
  }
}

function inOrder(page: readonly ObjectInfo[]): readonly ObjectInfo[] {
  return [...page].sort((a, b) => Buffer.compare(a.keyBytes, b.keyBytes));
}

function entryOf(view: View, info: ObjectInfo): ArchiveEntry {
  const key = bytesOf(info.keyBytes);
  const name = textOf(key.slice(view.key.length) || baseName(key));
  // Only an empty object is a folder by the "/" at its end.
  return {
    name: info.size === 0 ? name : name.replace(/\/+$/, ""),
    modified: info.createdAt,
    size: info.size,
    open: () => (info.size === 0 ? nothing() : read(view, key, info, { offset: 0, length: info.size })),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
