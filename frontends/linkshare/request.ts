import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { LinkError, malformedRequest } from "./errors.js";
import { parseQuery, type Query } from "./query.js";
import { decodeBytes } from "./uri.js";

/** What a request says, taken apart. */
export interface LinkRequest {
  readonly method: string;
  /** Host header as it came. */
  readonly host: string;
  /** The same without a port, in lower case. */
  readonly hostname: string;
  /** Whether the client's connection is TLS, here or at a proxy of our own. */
  readonly secure: boolean;
  /** Decoded, bytes-as-characters; starts with "/". Neither dot segments nor slashes are normalised. */
  readonly path: string;
  /** Path and query as they came. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly query: Query;
  /** Value of a header, bytes-as-characters; several are joined with ",". */
  header(name: string): string | undefined;
}

/** Fails with 400 for what has no host, or a path in a broken encoding. */
export function readRequest(req: IncomingMessage, trustedProxies: number): LinkRequest {
  const target = originForm(req.url ?? "/");
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? "" : target.slice(mark + 1);
  const path = decodeBytes(rawPath);
  const host = req.headers.host ?? "";
  const hostname = hostnameOf(host);
  if (path === undefined || !path.startsWith("/") || hostname === undefined) {
    throw new LinkError(400, malformedRequest);
  }
  const forwarded = trustedProxies > 0 ? req.headers["x-forwarded-proto"] : undefined;
  return {
    method: req.method ?? "",
    host,
    hostname,
    secure: (req.socket as TLSSocket).encrypted === true || forwarded === "https",
    path,
    rawPath,
    rawQuery,
    query: parseQuery(rawQuery),
    header(name) {
      const value = req.headers[name];
      return Array.isArray(value) ? value.join(",") : value;
    },
  };
}

/** Proxies may send the absolute form (RFC 9112 section 3.2.2). */
function originForm(url: string): string {
  const absolute = /^https?:\/\/[^/?]*/i.exec(url);
  if (absolute === null) return url;
  const rest = url.slice(absolute[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** Undefined for what can be no host: it is written into pages and redirects, and asked of DNS servers. */
export function hostnameOf(host: string): string | undefined {
  const match = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?$/.exec(host);
  return match?.[1]?.toLowerCase().replace(/\.$/, "");
}
