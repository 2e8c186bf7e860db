import type { IncomingMessage, ServerResponse } from "node:http";
import type { Project } from "postern";
import { gatherBody, readBody } from "postern/frontend";
import { DavError } from "./errors.js";
import type { IfHeader } from "./if-header.js";
import type { Locks } from "./locks.js";
import { destinationOf, type Target } from "./target.js";
import { type Element, parseXml } from "./xml.js";

/** One request, with what all methods need. */
export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: Target;
  readonly project: Project;
  readonly space: string;
  readonly locks: Locks;
  readonly condition: IfHeader;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

const mostXml = 256 * 1_024;

export function header({ req }: Call, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** The body as XML; undefined when there is none. */
export async function xmlBody({ req, res }: Call): Promise<Element | undefined> {
  const bytes = await gatherBody(readBody(req, res), mostXml);
  return bytes.length === 0 ? undefined : parseXml(bytes.toString("utf8"));
}

/** Whether there is a body of any kind; one that is too large fails as it would anywhere. */
export async function hasBody({ req, res }: Call): Promise<boolean> {
  return (await gatherBody(readBody(req, res), mostXml)).length > 0;
}

/** Whether the method is for all that is in the collection, too (RFC 4918 clause 10.2). */
export function isDeep(call: Call, byDefault: boolean): boolean {
  const depth = header(call, "depth")?.toLowerCase();
  if (depth === undefined) return byDefault;
  if (depth === "0" || depth === "infinity") return depth === "infinity";
  throw new DavError(400);
}

export function destination(call: Call): Target {
  return destinationOf(header(call, "destination"), call.req.headers.host);
}

export function reply(
  { res }: Call,
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
  body = "",
): void {
  res.writeHead(status, { "Content-Length": Buffer.byteLength(body), ...headers });
  res.end(body);
}

export const xmlType = { "Content-Type": "application/xml; charset=utf-8" };
