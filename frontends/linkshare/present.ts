import { isPosternError, type ObjectInfo } from "../../core/index.js";
import { LinkError, malformedRequest } from "./errors.js";
import { archiveEntryPageReply, archiveEntryReply, archivePageReply } from "./pages/archive.js";
import { folderReply } from "./pages/folder.js";
import { folderDownloadReply } from "./pages/folder-download.js";
import { objectReply } from "./pages/object.js";
import { placementImage, placementOf } from "./pages/placement.js";
import { thumbnailReply } from "./pages/thumbnail.js";
import { deliverObject } from "./raw/deliver.js";
import { type Reply, redirect } from "./reply.js";
import { encodePath, toBytes } from "./uri.js";
import type { View } from "./view.js";

/** What is at the place of a view, in the order of storj/edge sharing/present.go. */
export async function present(view: View): Promise<Reply> {
  const { key, wishes, options, hosting } = view;
  if (options.folderDownloads && wishes.raw && !hosting && wishes.downloadKind !== undefined) {
    const kind = wishes.downloadKind;
    if (kind !== "zip" && kind !== "tar.gz") throw new LinkError(400, malformedRequest);
    return folderDownloadReply(view, kind);
  }
  if (key === "") return presentTop(view);
  return key.endsWith("/") ? presentFolder(view) : presentObject(view);
}

/** There are no objects with the empty key. */
async function presentTop(view: View): Promise<Reply> {
  if (view.hosting) {
    const index = await find(view, "index.html");
    if (index !== undefined) return showObject(view, "index.html", index);
  }
  if (!view.request.path.endsWith("/")) return withSlash(view);
  return folderReply(view);
}

async function presentFolder(view: View): Promise<Reply> {
  const { key } = view;
  const index = `${key}index.html`;
  const [own, page] = await Promise.all([find(view, key), find(view, index)]);
  if (own !== undefined && own.size > 0) return showObject(view, key, own);
  return page === undefined ? folderReply(view) : showObject(view, index, page);
}

async function presentObject(view: View): Promise<Reply> {
  const { key, wishes } = view;
  try {
    if (wishes.raw && !wishes.thumbnail && wishes.path === undefined) return await deliverObject(view, key);
    return await showObject(view, key, await head(view, key));
  } catch (error) {
    if (!isPosternError(error, "object-not-found") || !(await isFolder(view))) throw error;
    return withSlash(view);
  }
}

async function showObject(view: View, key: string, info: ObjectInfo): Promise<Reply> {
  const { wishes } = view;
  if (wishes.raw) {
    if (wishes.path !== undefined) return archiveEntryReply(view, key, info, wishes.path);
    return wishes.thumbnail ? thumbnailReply(view, key, info) : deliverObject(view, key);
  }
  if (wishes.path === "/") return archivePageReply(view, key, info);
  if (wishes.map) return placementImage(view, await placementOf(view, key), info.size);
  if (wishes.path !== undefined) return archiveEntryPageReply(view, key, info, wishes.path);
  return objectReply(view, key, info);
}

function head({ project, bucket, signal }: View, key: string): Promise<ObjectInfo> {
  return project.headObject(bucket, toBytes(key), { signal });
}

async function find(view: View, key: string): Promise<ObjectInfo | undefined> {
  try {
    return await head(view, key);
  } catch (error) {
    if (isPosternError(error, "object-not-found")) return undefined;
    throw error;
  }
}

/** Whether there is anything below the key, as far as the grant lets us see. */
async function isFolder(view: View): Promise<boolean> {
  const { project, bucket, key, signal } = view;
  if ((await find(view, `${key}/index.html`)) !== undefined) return true;
  try {
    for await (const _ of project.walkObjects(bucket, toBytes(`${key}/`), { pageSize: 1, signal })) return true;
    return false;
  } catch (error) {
    if (isPosternError(error, "permission-denied")) return false;
    throw error;
  }
}

/** As S3 websites do, so that relative links of the folder's page work. */
function withSlash({ request }: View): Reply {
  // A path that begins with two slashes would name another host.
  const path = `/${encodePath(request.path.slice(1)).replace(/^\/+/, (slashes) => "%2F".repeat(slashes.length))}/`;
  return redirect(303, request.rawQuery === "" ? path : `${path}?${request.rawQuery.replace(/[^!-~]/g, "")}`);
}
