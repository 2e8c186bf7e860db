import { createHash } from "node:crypto";
import type { CustomMetadata, ObjectInfo } from "../../core/index.js";
import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";
import type { Query } from "./query.js";
import { checkTagging, tagCount } from "./tagging.js";
import { bytesOfText, textOfBytes } from "./uri.js";

/**
 * How S3 headers are kept in an object's custom metadata: under the names of Storj's Go gateways, so that either can
 * read what the other wrote. Source: storj/gateway-st miniogw/gateway.go, storj/minio cmd/handler-utils.go.
 */
const systemHeaders = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
] as const;

export const tagsKey = "s3:tags";
export const etagKey = "s3:etag";
/** Where a website sends browsers that ask for the object. Under the header's name, by which others show it too. */
export const redirectKey = "x-amz-website-redirect-location";

const userPrefix = "x-amz-meta-";
/** Of all names (without "x-amz-meta-") and values together. */
const maxUserBytes = 2048;
const defaultContentType = "binary/octet-stream";

/** Custom metadata of a new object. Fails with MetadataTooLarge, InvalidTag or InvalidRedirectLocation. */
export function metadataOfRequest(headers: RequestHeaders, query: Query): CustomMetadata {
  const custom: Record<string, string> = { "content-type": text(headers.get("content-type")) || defaultContentType };
  for (const name of systemHeaders) {
    const value = text(headers.get(name));
    const kept = name === "content-encoding" ? withoutAwsChunked(value) : value;
    if (kept !== undefined) custom[name] = kept;
  }
  let userBytes = 0;
  const keepUser = (key: string, value: string): void => {
    userBytes += Buffer.byteLength(key) - userPrefix.length + Buffer.byteLength(value);
    custom[key] = value;
  };
  for (const name of headers.names) {
    if (name.startsWith(userPrefix)) keepUser(canonicalName(name), text(headers.get(name)) ?? "");
  }
  // A presigned URL may carry the metadata in its query; such names keep their case.
  for (const name of query.names) {
    if (name.toLowerCase().startsWith(userPrefix)) keepUser(name, query.get(name) ?? "");
  }
  if (userBytes > maxUserBytes) {
    throw new S3Error("MetadataTooLarge", { extra: { Size: userBytes, MaxSizeAllowed: maxUserBytes } });
  }
  const tags = text(headers.get("x-amz-tagging"));
  if (tags !== undefined && tags !== "") custom[tagsKey] = checkTagging(tags);
  const redirect = text(headers.get(redirectKey));
  if (redirect !== undefined) {
    if (!isRedirect(redirect)) throw new S3Error("InvalidRedirectLocation");
    custom[redirectKey] = redirect;
  }
  return custom;
}

function isRedirect(location: string): boolean {
  return /^(\/|https?:\/\/)/.test(location) && !/[\x00-\x1f\x7f]/.test(location);
}

/** Where the object sends browsers on a website; undefined for none, also for what is no such place. */
export function redirectOf(custom: CustomMetadata): string | undefined {
  const location = custom[redirectKey];
  return location !== undefined && isRedirect(location) ? bytesOfText(location) : undefined;
}

/** Headers of a reply about an object: system headers, user metadata and the number of tags. */
export function headersOfMetadata(custom: CustomMetadata): Record<string, string> {
  const out: Record<string, string> = {};
  const foreign: Record<string, string> = {};
  for (const [key, value] of Object.entries(custom)) {
    const name = key.toLowerCase();
    if (name.startsWith(userPrefix) || name.startsWith("x-minio-meta-")) {
      if (isToken(name)) out[name] = headerValue(value);
    } else if (name === "content-type") {
      out["Content-Type"] ??= headerValue(value);
    } else if ((systemHeaders as readonly string[]).includes(name)) {
      out[canonicalName(name)] ??= headerValue(value);
    } else if (key === tagsKey) {
      const count = tagCount(value);
      if (count > 0) out["x-amz-tagging-count"] = String(count);
    } else if (isToken(name) && !name.startsWith("x-amz-") && !name.startsWith("x-minio-")) {
      // Pairs that no S3 client wrote (uplink cp --metadata). As headers of their own they could be any header.
      foreign[`${userPrefix}${name}`] = headerValue(value);
    }
  }
  const redirect = redirectOf(custom);
  if (redirect !== undefined) out[redirectKey] = redirect;
  return { "Content-Type": defaultContentType, ...foreign, ...out };
}

/** Go's canonical form of header names (net/textproto): "x-amz-meta-my_KEY-id" is "X-Amz-Meta-My_key-Id". */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (match) => match.toUpperCase());
}

/** The object's ETag, without quotes. */
export function etagOf(info: ObjectInfo): string {
  if (info.etag !== undefined && info.etag.length > 0) return Buffer.from(info.etag).toString("latin1");
  // Gateways before October 2025 kept it here (storj/gateway-st 1c14e83).
  return info.custom[etagKey] || opaqueEtag(info);
}

/**
 * ETag of an object that was not uploaded through S3, e.g. by the uplink CLI (Storj's gateways give none, but clients
 * that read in ranges or on condition need one). It is made of what changes with every upload and is told by listings
 * too; the suffix says that it is no MD5.
 */
function opaqueEtag({ keyBytes, createdAt, size }: ObjectInfo): string {
  const hash = createHash("sha256").update(keyBytes).update(`\0${createdAt.getTime()}\0${size}`);
  return `${hash.digest("hex").slice(0, 32)}-0`;
}

function withoutAwsChunked(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const left = value.split(",").filter((coding) => coding.trim().toLowerCase() !== "aws-chunked");
  return left.length === 0 ? undefined : left.join(",").trim();
}

/** Header values that are UTF-8 are taken as such, others as Latin-1. */
function text(latin1: string | undefined): string | undefined {
  return latin1 === undefined ? undefined : (textOfBytes(latin1) ?? latin1);
}

function headerValue(value: string): string {
  // What cannot stand in a header is encoded as mail headers are (RFC 2047), as Amazon does.
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
  return bytesOfText(value);
}

function isToken(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name);
}
