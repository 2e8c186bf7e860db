import type { Reply } from "../reply.js";
import type { View } from "../view.js";
import { type PageFrame, pageSecurityPolicy } from "../views/index.js";

/** A page of ours. Its address holds a key, so it sends no referrer, and what it shows may be gone in a minute. */
export function htmlReply(
  status: number,
  html: string,
  assets: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-cache",
      "Content-Security-Policy": policyWith(assets),
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      ...headers,
    },
    body: html,
  };
}

/** Pages on a site's own host load their assets from ours. */
function policyWith(assets: string): string {
  const origin = /^https?:\/\/[^/;, ]+/.exec(assets)?.[0];
  if (origin === undefined) return pageSecurityPolicy;
  return pageSecurityPolicy.replace(/(style|script|img)-src 'self'/g, `$& ${origin}`);
}

/** What all pages of a view have in common. */
export function frameOf(view: View): Required<Pick<PageFrame, "assets">> & PageFrame {
  return { assets: view.services.assets(view.hosting), home: view.hosting ? undefined : "/" };
}
