import { assetOf } from "./assets/assets.js";
import { LinkError } from "./errors.js";
import type { Reply } from "./reply.js";
import type { LinkRequest } from "./request.js";

/** A file that our pages load. Its address changes with it where it is asked for with its version. */
export function assetReply(request: LinkRequest, name: string): Reply {
  const asset = assetOf(name);
  if (asset === undefined) throw new LinkError(404, "Not found.");
  const { type, body, etag } = asset;
  const headers = {
    "Content-Type": type,
    "Cache-Control": `public, max-age=${request.query.has("v") ? "31536000, immutable" : "3600"}`,
    ETag: etag,
    "X-Content-Type-Options": "nosniff",
  };
  const known = request.header("if-none-match")?.includes(etag) === true;
  return known ? { status: 304, headers } : { status: 200, headers, body };
}
