import type { Key } from "../../core/index.js";
import { S3Error } from "./errors.js";
import { parseQuery, type Query } from "./query.js";
import { decodeBytes, textOfBytes } from "./uri.js";

/** What a request is about. */
export interface Target {
  /** Path of the request, decoded, bytes-as-characters; starts with "/". */
  readonly path: string;
  /** The same as it came. */
  readonly rawPath: string;
  /** The bucket, if the host name tells it and not the path. */
  readonly hostedBucket: string | undefined;
  readonly query: Query;
  /** "" for the service itself. */
  readonly bucket: string;
  /** Undefined for the bucket or the service itself. */
  readonly key: Key | undefined;
}

/**
 * Reads bucket and key off path-style ("/bucket/key") and virtual-host-style ("bucket.base-domain") requests.
 * Keys are taken exactly: no dot segments, no merging of slashes.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function parseTarget(url: string, host: string | undefined, baseDomains: readonly string[]): Target {
  const target = originForm(url);
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const path = decodeBytes(rawPath);
  const query = parseQuery(mark < 0 ? "" : target.slice(mark + 1));
  if (path === undefined || query === undefined || !path.startsWith("/")) throw new S3Error("InvalidURI");

  const hostedBucket = bucketOfHost(host, baseDomains);
  const common = { path, rawPath, query, hostedBucket };
  if (hostedBucket !== undefined) return { ...common, bucket: hostedBucket, key: keyOf(path.slice(1)) };
  const slash = path.indexOf("/", 1);
  const bucketBytes = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const bucket = textOfBytes(bucketBytes);
  if (bucket === undefined) throw new S3Error("InvalidBucketName");
  return { ...common, bucket, key: slash < 0 ? undefined : keyOf(path.slice(slash + 1)) };
}

/** Proxies may send the absolute form (RFC 9112 section 3.2.2). */
function originForm(url: string): string {
  const absolute = /^https?:\/\/[^/?]*/i.exec(url);
  if (absolute === null) return url;
  const rest = url.slice(absolute[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function keyOf(latin1: string): Key | undefined {
  if (latin1 === "") return undefined;
  if (latin1.length > 1024)
    throw new S3Error("KeyTooLongError", { extra: { Size: latin1.length, MaxSizeAllowed: 1024 } });
  return textOfBytes(latin1) ?? Buffer.from(latin1, "latin1");
}

/** The labels in front of one of the domains. */
export function bucketOfHost(host: string | undefined, baseDomains: readonly string[]): string | undefined {
  if (host === undefined || baseDomains.length === 0) return undefined;
  const name = host.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();
  for (const domain of baseDomains) {
    if (name.length > domain.length + 1 && name.endsWith(`.${domain}`)) return name.slice(0, -domain.length - 1);
  }
  return undefined;
}
