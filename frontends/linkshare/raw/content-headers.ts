import { createHash } from "node:crypto";
import mime from "mime-types";
import type { CustomMetadata, ObjectInfo } from "../../../core/index.js";
import type { LinkRequest } from "../request.js";
import { attachment } from "./content-disposition.js";

export interface ContentSettings {
  /** Sites of users are served as they are: they have hosts of their own. */
  readonly hosting: boolean;
  readonly rendersContent: boolean;
  readonly viewsHtml: boolean;
}

/** Types that can do no harm on the service's own host. */
const inlineTypes = new Set(["application/pdf", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/x-png"]);

/**
 * Headers that say what the bytes of an object or archive entry are. Source: storj/edge sharing/present.go setHeaders;
 * the sandbox is ours. Where no site is asked for the host is the service's own, so whatever a browser might run is sent
 * as text or as a file to keep, and in a sandbox, which gives it an origin of its own.
 */
export function contentHeaders(
  content: { readonly type: string; readonly fileName: string; readonly custom: CustomMetadata },
  download: boolean,
  settings: ContentSettings,
): Record<string, string> {
  const { hosting } = settings;
  const isHtml = /html/i.test(content.type);
  const type = isHtml && !hosting && !settings.viewsHtml ? "text/plain" : content.type;
  const headers: Record<string, string> = { "Content-Type": headerValue(type) ?? octets };
  const inline = hosting || settings.rendersContent || inlineTypes.has(type);
  if (download || !inline) headers["Content-Disposition"] = attachment(content.fileName);
  for (const name of ["Cache-Control", "Content-Encoding"]) {
    const value = headerValue(metadataValue(content.custom, name));
    if (value !== undefined) headers[name] = value;
  }
  if (!hosting) {
    headers["X-Content-Type-Options"] = "nosniff";
    headers["Referrer-Policy"] = "no-referrer";
    // Who shares by link does not publish.
    headers["X-Robots-Tag"] = "noindex";
    const sandbox = isHtml && settings.viewsHtml ? scriptSandbox : plainSandbox;
    // Browsers show no PDF in a sandbox, and their viewers have an origin of their own anyway.
    if (type !== "application/pdf") headers["Content-Security-Policy"] = sandbox;
  }
  return headers;
}

const octets = "application/octet-stream";
/** What browsers build themselves around an image or a video needs styles, and the thing itself. */
const plainSandbox =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:";
const scriptSandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

/** The type that the uploader gave, or else that of the name's extension. */
export function contentTypeOf(fileName: string, custom: CustomMetadata, request: LinkRequest): string {
  const given = metadataValue(custom, "Content-Type");
  const exact = /(?:^|,)\s*nosniff\s*(?:,|$)/i.test(request.header("x-content-type-options") ?? "");
  if (exact) return given || octets;
  // SDKs write these where nobody gave a type.
  const vague = given === undefined || /^(?:application\/octet-stream|binary\/octet-stream|)$/.test(given);
  return vague ? typeOfName(fileName) : given;
}

export function typeOfName(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  const type = dot < 0 ? false : mime.lookup(fileName.slice(dot));
  if (type === false) return octets;
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/** Canonical name first, then lower case, then any. */
function metadataValue(custom: CustomMetadata, name: string): string | undefined {
  const lower = name.toLowerCase();
  const key =
    [name, lower].find((known) => Object.hasOwn(custom, known)) ??
    Object.keys(custom).find((known) => known.toLowerCase() === lower);
  return key === undefined ? undefined : custom[key];
}

/** Undefined for what can not stand in a header: metadata is written by strangers. */
function headerValue(text: string | undefined): string | undefined {
  if (text === undefined || text === "" || text.length > 1024 || /[\x00-\x08\x0a-\x1f\x7f]/.test(text))
    return undefined;
  return Buffer.from(text, "utf8").toString("latin1");
}

/**
 * Strong ETag, with quotes: the uploader's, or one made of what changes with every upload, the same that our S3 frontend
 * tells. Storj's service has none.
 */
export function etagOf({ etag, keyBytes, createdAt, size }: ObjectInfo): string {
  const given = Buffer.from(etag ?? []).toString("latin1");
  if (/^[\x21\x23-\x7e]{1,256}$/.test(given)) return `"${given}"`;
  const hash = createHash("sha256").update(keyBytes).update(`\0${createdAt.getTime()}\0${size}`);
  return `"${hash.digest("hex").slice(0, 32)}-0"`;
}
