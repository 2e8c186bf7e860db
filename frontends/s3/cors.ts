import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Lets web pages use the API. Every request is signed and no cookie means anything, so there is nothing that another
 * page could borrow; headers are allowed as they are asked for. True when the request is a preflight
 * (https://fetch.spec.whatwg.org/#cors-preflight-request) and needs no more than these headers.
 */
export function allowOrigin(req: IncomingMessage, res: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = req.headers;
  if (origin === undefined) return false;
  const all = origins.includes("*");
  if (!all) res.setHeader("Vary", "Origin");
  if (!all && !origins.includes(origin)) return false;
  res.setHeader("Access-Control-Allow-Origin", all ? "*" : origin);
  res.setHeader("Access-Control-Expose-Headers", "*");
  if (req.method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false;
  res.setHeader("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE");
  // Written out, since "*" does not stand for Authorization.
  const asked = req.headers["access-control-request-headers"];
  if (asked !== undefined) res.setHeader("Access-Control-Allow-Headers", asked);
  res.setHeader("Access-Control-Max-Age", "3600");
  return true;
}
