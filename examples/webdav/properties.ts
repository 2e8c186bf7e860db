import type { CustomMetadata, ObjectInfo } from "postern";
import { DavError } from "./errors.js";
import type { Lock } from "./locks.js";
import { etagOf, type Resource } from "./resource.js";
import { hrefOf, type Target } from "./target.js";
import { child, dav, type Element, escapeXml, markup } from "./xml.js";

/** Names of properties, and which of their values a client wants. */
export type PropertyRequest =
  | { readonly kind: "all" | "names" }
  | { readonly kind: "some"; readonly names: readonly PropertyName[] };

interface PropertyName {
  readonly namespace: string;
  readonly name: string;
}

/** Properties that clients made up themselves, as markup, by "{namespace}name". Kept in the object's metadata. */
export type DeadProperties = Readonly<Record<string, string>>;

const deadKey = "webdav-properties";
/** The satellite takes 2 KiB of metadata, of which others need some. */
const mostDead = 1_200;

/** The body of PROPFIND (RFC 4918 clause 14.20); none asks for all. */
export function propertyRequestOf(body: Element | undefined): PropertyRequest {
  if (body === undefined) return { kind: "all" };
  if (body.namespace !== dav || body.name !== "propfind") throw new DavError(400);
  if (child(body, "propname") !== undefined) return { kind: "names" };
  const prop = child(body, "prop");
  if (prop !== undefined) return { kind: "some", names: prop.children };
  if (child(body, "allprop") !== undefined) return { kind: "all" };
  throw new DavError(400);
}

/** One <response> of a 207. */
export function responseOf(
  target: Pick<Target, "bucket" | "key">,
  resource: Resource,
  request: PropertyRequest,
  locks: readonly Lock[],
): string {
  const live = liveProperties(target, resource, locks);
  const dead = deadPropertiesOf(objectOf(resource)?.custom);
  const found: string[] = [];
  const missing: string[] = [];
  if (request.kind === "some") {
    for (const { namespace, name } of request.names) {
      const value = namespace === dav ? live.get(name) : dead[`{${namespace}}${name}`];
      if (value === undefined) missing.push(markup(namespace, name, ""));
      else found.push(markup(namespace, name, value));
    }
  } else {
    const shown = (value: string) => (request.kind === "names" ? "" : value);
    for (const [name, value] of live) found.push(markup(dav, name, shown(value)));
    for (const [id, value] of Object.entries(dead)) {
      const { namespace, name } = parseId(id);
      found.push(markup(namespace, name, shown(value)));
    }
  }
  const parts = [
    ...(found.length > 0 || missing.length === 0 ? [propstat(found, "200 OK")] : []),
    ...(missing.length > 0 ? [propstat(missing, "404 Not Found")] : []),
  ];
  return `<D:response><D:href>${hrefOf(target, resource.kind !== "file")}</D:href>${parts.join("")}</D:response>`;
}

export function propstat(properties: readonly string[], status: string): string {
  return `<D:propstat><D:prop>${properties.join("")}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`;
}

export const multistatusStart = '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">';
export const multistatusEnd = "</D:multistatus>\n";

/** Inner markup of each property in "DAV:" that the resource has. */
function liveProperties(
  target: Pick<Target, "bucket" | "key">,
  resource: Resource,
  locks: readonly Lock[],
): Map<string, string> {
  const name = target.key === "" ? target.bucket : target.key.slice(target.key.lastIndexOf("/") + 1);
  const properties = new Map<string, string>([
    ["displayname", escapeXml(name === "" ? "/" : name)],
    ["resourcetype", resource.kind === "file" ? "" : "<D:collection/>"],
    ["supportedlock", resource.kind === "root" ? "" : supportedLocks],
    ["lockdiscovery", locks.map(activeLock).join("")],
  ]);
  const created = resource.kind === "bucket" ? resource.bucket.createdAt : objectOf(resource)?.createdAt;
  if (created !== undefined) {
    properties.set("creationdate", created.toISOString());
    properties.set("getlastmodified", created.toUTCString());
  }
  if (resource.kind === "file") {
    const { object } = resource;
    properties.set("getcontentlength", String(object.size));
    properties.set("getcontenttype", escapeXml(contentTypeOf(object)));
    properties.set("getetag", escapeXml(etagOf(object)));
  }
  return properties;
}

export function contentTypeOf({ custom }: ObjectInfo): string {
  return custom["content-type"] ?? "application/octet-stream";
}

const supportedLocks = ["exclusive", "shared"]
  .map(
    (scope) => `<D:lockentry><D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>`,
  )
  .join("");

/** RFC 4918 clause 14.1. */
export function activeLock(lock: Lock): string {
  const { exclusive, infinite, owner, seconds, token, target, collection } = lock;
  return [
    "<D:activelock><D:locktype><D:write/></D:locktype>",
    `<D:lockscope><D:${exclusive ? "exclusive" : "shared"}/></D:lockscope>`,
    `<D:depth>${infinite ? "infinity" : "0"}</D:depth>`,
    owner === "" ? "" : `<D:owner>${owner}</D:owner>`,
    `<D:timeout>Second-${seconds}</D:timeout>`,
    `<D:locktoken><D:href>${token}</D:href></D:locktoken>`,
    `<D:lockroot><D:href>${hrefOf(target, collection)}</D:href></D:lockroot></D:activelock>`,
  ].join("");
}

function objectOf(resource: Resource): ObjectInfo | undefined {
  if (resource.kind === "file") return resource.object;
  return resource.kind === "folder" ? resource.marker : undefined;
}

export function deadPropertiesOf(custom: CustomMetadata | undefined): DeadProperties {
  try {
    return JSON.parse(custom?.[deadKey] ?? "{}") as DeadProperties;
  } catch {
    // Another program may have written anything there.
    return {};
  }
}

/** Applies a PROPPATCH (RFC 4918 clause 9.2). Throws 507 when it is more than metadata can hold. */
export function changedMetadata(custom: CustomMetadata, body: Element): CustomMetadata {
  const dead: Record<string, string> = { ...deadPropertiesOf(custom) };
  for (const change of body.children) {
    if (change.namespace !== dav || (change.name !== "set" && change.name !== "remove")) continue;
    for (const { namespace, name, inner } of child(change, "prop")?.children ?? []) {
      if (change.name === "set") dead[`{${namespace}}${name}`] = inner;
      else delete dead[`{${namespace}}${name}`];
    }
  }
  const { [deadKey]: _, ...others } = custom;
  if (Object.keys(dead).length === 0) return others;
  const text = JSON.stringify(dead);
  if (Buffer.byteLength(text) > mostDead) throw new DavError(507);
  return { ...others, [deadKey]: text };
}

/** Names of what a PROPPATCH changes; those in "DAV:" are the server's own. */
export function changedNames(body: Element): PropertyName[] {
  if (body.namespace !== dav || body.name !== "propertyupdate") throw new DavError(400);
  return body.children.flatMap((change) => child(change, "prop")?.children ?? []);
}

function parseId(id: string): PropertyName {
  const end = id.lastIndexOf("}");
  return { namespace: id.slice(1, end), name: id.slice(end + 1) };
}
