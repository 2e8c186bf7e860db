import type { ObjectInfo } from "../../../core/index.js";
import { nameOf, parentOf } from "../links.js";
import { previewKind } from "../preview/kind.js";
import { contentTypeOf } from "../raw/content-headers.js";
import { read } from "../raw/deliver.js";
import type { Reply } from "../reply.js";
import { textOf } from "../uri.js";
import type { View } from "../view.js";
import { type ObjectPage, renderObjectPage } from "../views/index.js";
import { breadcrumbsOf, listable } from "./breadcrumbs.js";
import { frameOf, htmlReply } from "./html.js";
import { placementOf, summaryOf } from "./placement.js";
import { textPreview } from "./text-preview.js";

/** The page around an object. */
export async function objectReply(view: View, key: string, info: ObjectInfo): Promise<Reply> {
  const name = textOf(nameOf(key, view.bucket));
  const contentType = contentTypeOf(name, info.custom, view.request);
  const kind = previewKind(name, contentType);
  const isText = kind === "text" || kind === "markdown";
  const length = Math.min(info.size, view.options.previewBytes);
  const begin = length === 0 ? [] : read(view, key, info, { offset: 0, length });
  const [preview, placement] = await Promise.all([
    isText ? textPreview(view, name, kind, begin, info.size) : undefined,
    placementOf(view, key),
  ]);
  const page: ObjectPage = {
    ...frameOf(view),
    name,
    key: textOf(key),
    bucket: view.bucket,
    size: info.size,
    modified: info.createdAt,
    contentType,
    kind: isText && preview === undefined ? "none" : kind,
    urls: urlsOf(view, key, name, info),
    ...preview,
    breadcrumbs: breadcrumbsOf(view, key),
    shareUrl: view.links.origin + view.links.object(key),
    placement: placement === undefined ? undefined : summaryOf(placement),
  };
  return htmlReply(200, renderObjectPage(page), page.assets!);
}

function urlsOf(view: View, key: string, name: string, info: ObjectInfo): ObjectPage["urls"] {
  const { links } = view;
  const folder = parentOf(key);
  return {
    raw: links.raw(key),
    download: links.raw(key, { download: "1" }),
    archive: /\.zip$/i.test(name) ? links.object(key, { path: "/" }) : undefined,
    folder: folder.length >= view.top.length && listable(view, folder) ? links.folder(folder) : undefined,
    socialImage:
      /\.(?:jpe?g|png|gif|webp)$/i.test(name) && info.size <= 5e6 ? links.origin + links.raw(key) : undefined,
  };
}
