import { createHash } from "node:crypto";
import type { ObjectInfo } from "../../../core/index.js";
import { LinkError } from "../errors.js";
import { etagOf } from "../raw/content-headers.js";
import { deliverObject, read } from "../raw/deliver.js";
import { evaluatePreconditions } from "../raw/preconditions.js";
import type { Reply } from "../reply.js";
import type { View } from "../view.js";

/** A small image of an image. Where there are none, the image itself. */
export async function thumbnailReply(view: View, key: string, info: ObjectInfo): Promise<Reply> {
  const { thumbnails } = view.services;
  if (thumbnails === undefined) return deliverObject(view, key);
  if (info.size === 0) throw new LinkError(404, "There is no image.");
  const validators = { etag: `"${idOf(view, info)}"`, modified: info.createdAt };
  const headers = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    ETag: validators.etag,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  if (evaluatePreconditions(view.request, validators) === "not-modified") return { status: 304, headers };
  // Who asked first may leave while others wait.
  const open = (signal: AbortSignal) => read({ ...view, signal }, key, info, { offset: 0, length: info.size });
  const thumbnail = await thumbnails.thumbnail(idOf(view, info), open, view.signal);
  if (thumbnail === undefined) throw new LinkError(404, "There is no image.");
  return { status: 200, headers: { ...headers, "Content-Type": thumbnail.type }, body: thumbnail.body };
}

/** Of this version, read with this key: another grant may not be allowed to read it. */
function idOf(view: View, info: ObjectInfo): string {
  return createHash("sha256")
    .update(view.grant.apiKey.tail)
    .update(`\0${view.bucket}\0`)
    .update(info.keyBytes)
    .update(`\0${info.createdAt.getTime()}\0${info.size}\0${etagOf(info)}`)
    .digest("hex")
    .slice(0, 32);
}
