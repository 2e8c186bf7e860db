import type { Key } from "../../core/index.js";
import { S3Error } from "./errors.js";
import type { CompleteS3Options } from "./options.js";
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
  /** Whether it is asked of the bucket's website. */
  readonly site: boolean;
  readonly query: Query;
  /** "" for the service itself. */
  readonly bucket: string;
  /** Undefined for the bucket or the service itself. */
  readonly key: Key | undefined;
}

/** Host names that mean buckets, for the API and for browsers. */
export type HostOptions = Pick<CompleteS3Options, "baseDomains" | "bucketHosts" | "websiteDomains" | "websiteHosts">;

/**
 * Reads bucket and key off path-style ("/bucket/key") and virtual-host-style ("bucket.base-domain", or a host name that
 * is a bucket's) requests. Keys are taken exactly: no dot segments, no merging of slashes.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function parseTarget(url: string, host: string | undefined, options: HostOptions): Target {
  const target = originForm(url);
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const path = decodeBytes(rawPath);
  const query = parseQuery(mark < 0 ? "" : target.slice(mark + 1));
  if (path === undefined || query === undefined || !path.startsWith("/")) throw new S3Error("InvalidURI");

  const website = bucketOfHost(host, { domains: options.websiteDomains, hosts: options.websiteHosts });
  const site = website !== undefined;
  const hostedBucket = website ?? bucketOfHost(host, { domains: options.baseDomains, hosts: options.bucketHosts });
  const common = { path, rawPath, query, hostedBucket, site };
  if (hostedBucket !== undefined) return { ...common, bucket: hostedBucket, key: keyOf(path.slice(1)) };
  const slash = path.indexOf("/", 1);
  const bucketBytes = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const bucket = textOfBytes(bucketBytes);
  if (bucket === undefined) throw new S3Error("InvalidBucketName");
  return { ...common, bucket, key: slash < 0 ? undefined : keyOf(path.slice(slash + 1)) };
}

/** Path and query of what may be in the absolute form, as clients send it to proxies (RFC 9112 section 3.2.2). */
export function originForm(url: string): string {
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

/** Which host names mean buckets. */
export interface BucketNames {
  /** Domains below which the first labels are a bucket. */
  readonly domains: readonly string[];
  /** Names, or "*." and a domain, that are buckets as a whole. */
  readonly hosts: readonly string[];
}

/** The bucket that a host name means, if any. */
export function bucketOfHost(host: string | undefined, { domains, hosts }: BucketNames): string | undefined {
  if (host === undefined || (domains.length === 0 && hosts.length === 0)) return undefined;
  const name = host.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();
  const below = (domain: string): boolean => name.length > domain.length + 1 && name.endsWith(`.${domain}`);
  if (hosts.includes(name)) return name;
  // A domain is itself the service, also below another one.
  if (domains.includes(name)) return undefined;
  if (hosts.some((pattern) => pattern.startsWith("*.") && below(pattern.slice(2)))) return name;
  const longest = domains.filter(below).sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : name.slice(0, -longest.length - 1);
}
