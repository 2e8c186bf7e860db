import { isPosternError } from "../../../core/index.js";
import { typeOfName } from "../raw/content-headers.js";
import type { Reply } from "../reply.js";
import { toBytes } from "../uri.js";
import type { View } from "../view.js";

/** The site's own page for what is not there, with status 404; else the error itself (storj/edge sharing/hosting.go). */
export async function notFoundReply(view: View, error: unknown): Promise<Reply> {
  if (!isPosternError(error, "object-not-found")) throw error;
  const { project, bucket, top, signal } = view;
  const download = await project.getObject(bucket, toBytes(`${top}404.html`), { signal });
  const headers = { "Content-Type": typeOfName("404.html"), "Content-Length": String(download.info.size) };
  return { status: 404, headers, body: { stream: download.body, close: () => download.close() } };
}
