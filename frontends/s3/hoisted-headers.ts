import type { RequestHeaders } from "./headers.js";
import type { Query } from "./query.js";
import { bytesOfText } from "./uri.js";

/** Of the signature itself; and user metadata, which are read off the query where they are needed. */
const own = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|meta-.*)$/;
/** About the body that there was none of when the URL was signed: SDKs put the checksum of nothing here. */
const ofBody = /^x-amz-(checksum-.*|sdk-checksum-algorithm|trailer|decoded-content-length)$/;

/**
 * Headers together with those that the signer of a URL put into its query (X-Amz-SignedHeaders allows that, and the SDK
 * for JavaScript does): the ACL, tags and the like of what the URL is for. The signature must be right.
 */
export function withHoisted(headers: RequestHeaders, query: Query): RequestHeaders {
  if (!query.has("X-Amz-Algorithm")) return headers;
  const hoisted = new Map<string, string>();
  for (const name of query.names) {
    const header = name.toLowerCase();
    if (!header.startsWith("x-amz-") || own.test(header) || ofBody.test(header) || headers.has(header)) continue;
    hoisted.set(header, bytesOfText(query.get(name) ?? ""));
  }
  if (hoisted.size === 0) return headers;
  return {
    get: (name) => headers.get(name) ?? hoisted.get(name),
    has: (name) => headers.has(name) || hoisted.has(name),
    names: [...headers.names, ...hoisted.keys()],
  };
}
