import { isGrantText } from "../../../core/index.js";
import type { LinkCredentialsFinder } from "../access/credentials.js";
import { LinkError } from "../errors.js";
import { type Reply, textReply } from "../reply.js";
import { hostnameOf, type LinkRequest } from "../request.js";
import { textOf } from "../uri.js";
import type { Sites } from "./sites.js";

/**
 * Tells a proxy that makes certificates on demand, such as Caddy, whether to make one for `?domain=`: 200 or 404. As
 * storj/edge cmd/linksharing decides: storj-tls is true, and the access is a public access key that is good, not a grant,
 * which could be of a satellite that nobody here knows.
 */
export async function certificateReply(
  request: LinkRequest,
  sites: Sites | undefined,
  credentials: LinkCredentialsFinder,
): Promise<Reply> {
  const host = hostnameOf(textOf(request.query.get("domain") ?? ""));
  const site = host === undefined ? undefined : await sites?.find(host);
  if (site === undefined || !site.tls || isGrantText(site.access)) return textReply(404, "no");
  try {
    await credentials.ofSite(site.access);
    return textReply(200, "yes");
  } catch (error) {
    if (error instanceof LinkError && error.status < 500) return textReply(404, "no");
    throw error;
  }
}
