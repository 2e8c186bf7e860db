import { isIP } from "node:net";
import type { CompleteLinkShareOptions } from "./options.js";
import type { LinkRequest } from "./request.js";

/** Tells the service's own hosts from those of sites. */
export interface Hosts {
  isOwn(request: LinkRequest): boolean;
  /** "https://host" of this service, as the visitor knows it. */
  origin(request: LinkRequest): string;
}

/**
 * With no sites every host is our own. Else it is the hosts of the public URLs, whatever the port, or, where there are
 * none, addresses and "localhost", which can be nobody's site.
 */
export function createHosts({ publicUrls }: Pick<CompleteLinkShareOptions, "publicUrls">, hasSites: boolean): Hosts {
  const urls = publicUrls.map((url) => new URL(url));
  const names = new Set(urls.map(({ hostname }) => hostname));
  const isOwn = ({ hostname }: LinkRequest): boolean => {
    if (!hasSites || names.has(hostname)) return true;
    return names.size === 0 && (hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0);
  };
  return {
    isOwn,
    origin: (request) => urls[0]?.origin ?? `${request.secure ? "https" : "http"}://${request.host}`,
  };
}
