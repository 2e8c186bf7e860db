import { X509Certificate } from "node:crypto";
import { isIP, isIPv6 } from "node:net";
import type { WebTls } from "../core/index.js";

/**
 * What to call this machine to clients that check its certificate: the address where that is in the certificate, else the
 * first whole name that is. Undefined when it has neither.
 */
export function certifiedHost(host: string, tls: Pick<WebTls, "fallback">): string | undefined {
  const leaf = new X509Certificate(tls.fallback.cert);
  if (isIP(host) === 0 ? leaf.checkHost(host) !== undefined : leaf.checkIP(host) !== undefined) return host;
  const names = leaf.subjectAltName?.split(", ") ?? [];
  return names.map((name) => /^DNS:([a-z0-9][a-z0-9.-]*)$/i.exec(name)?.[1]).find((name) => name !== undefined);
}

/** A host as URLs have it. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
