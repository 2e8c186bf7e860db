import { textOf, toBytes } from "../uri.js";
import type { View } from "../view.js";
import type { Breadcrumb } from "../views/index.js";

/** The way to a key from the top; folders that the grant can not list have no link. */
export function breadcrumbsOf(view: View, key: string): Breadcrumb[] {
  const { top, title, links } = view;
  const crumbs: Breadcrumb[] = [{ name: title, url: listable(view, top) ? links.folder(top) : undefined }];
  const rest = key.slice(top.length);
  let at = 0;
  while (at < rest.length) {
    const slash = rest.indexOf("/", at);
    const end = slash < 0 ? rest.length : slash + 1;
    const folder = top + rest.slice(0, end);
    const name = textOf(rest.slice(at, slash < 0 ? end : slash));
    const isFolder = slash >= 0 && end < rest.length;
    crumbs.push({ name, url: isFolder && listable(view, folder) ? links.folder(folder) : undefined });
    at = end;
  }
  return crumbs;
}

/** Whether the grant has the key of a folder (storj/edge sharing/list.go asks the same). */
export function listable({ grant, bucket }: View, folder: string): boolean {
  const path = toBytes(folder.replace(/\/$/, ""));
  return grant.encryption.lookupUnencrypted(Buffer.from(bucket), path) !== undefined;
}
