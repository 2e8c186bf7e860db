import { availableParallelism } from "node:os";
import { PosternError } from "../../core/index.js";
import { type OptionsInput, type OptionsOf, option } from "../frontend.js";

/** What setTimeout can wait, in ms. */
const mostMs = 2 ** 31 - 1;
const domain = { pattern: /^[A-Za-z0-9.-]+$/, is: "a domain" };
const hostName = { pattern: /^(\*\.)?[A-Za-z0-9.-]+$/, is: 'a host name, or "*." and a domain' };
const ms = (about: string, fallback: number, least = 1) =>
  option.whole({ about: `${about}, in ms`, default: fallback, least, most: mostMs });
const count = (about: string, fallback: number) => option.whole({ about, default: fallback, least: 1 });

/** Options of the S3 frontend. */
export const s3Options = {
  host: option.host(),
  port: option.port({ about: "TCP port", default: 9000 }),
  tls: option.tls(),
  baseDomains: option.list({
    about: "domains below which the first labels of the host name are the bucket; none is path style only",
    default: [],
    ...domain,
  }),
  bucketHosts: option.list({
    about: 'host names that are names of buckets; "*.example.com" is every name below',
    default: [],
    ...hostName,
  }),
  websiteDomains: option.list({
    about: "domains below which the first labels are a bucket whose website is served",
    default: [],
    ...domain,
  }),
  websiteHosts: option.list({
    about: "host names, as bucketHosts, at which the website of the bucket of that name is served",
    default: [],
    ...hostName,
  }),
  region: option.text({
    about: "name of the region that replies tell; requests may be signed for any",
    default: "us-east-1",
    pattern: /^[a-z0-9-]{1,64}$/,
    is: "a region name",
  }),
  // As on Storj's gateways.
  corsOrigins: option.list({ about: 'origins whose web pages may use the API; "*" is all', default: ["*"] }),
  trustedProxies: option.whole({
    about: "proxies of one's own in front, for the client's address in logs and limits",
    default: 0,
    most: 16,
  }),
  accessCacheMs: option.whole({ about: "how long a looked-up access key is used, in ms", default: 60_000 }),
  accessCacheEntries: count("most access keys remembered", 10_000),
  settingsCacheMs: option.whole({
    about: "how late this gateway learns of bucket settings that another one changed, in ms",
    default: 2_000,
  }),
  settingsCacheEntries: count("most bucket names whose settings are remembered", 10_000),
  logGatherMs: ms("how long server access logs are gathered before they are written as an object", 5_000),
  lifecycleMs: ms("how often lifecycle rules of all buckets are applied; 0 never", 3_600_000, 0),
  lifecycleDayMs: ms("a day of lifecycle rules, less than a day to see them at work sooner", 86_400_000, 1),
  projectCacheEntries: count("most open projects kept for the next request", 1_000),
  projectIdleMs: ms("how long an unused project stays open", 600_000),
  maxRequests: count("most requests at a time; more get 503 SlowDown", 1_024),
  // storj/edge gateway-mt's number.
  maxRequestsPerProject: count("most requests at a time of one project", 500),
  // Half of all: one client can not have everything.
  maxRequestsPerClient: count("most requests at a time of one client's address; see trustedProxies", 512),
  requestsPerMinutePerProject: option.whole({
    about: "requests of one project a minute; 0 does not limit",
    default: 0,
  }),
  requestsPerMinutePerClient: option.whole({
    about: "requests of one client's address a minute; 0 does not limit",
    default: 0,
  }),
  maxConnections: count("most connections at a time", 10_000),
  maxConnectionsPerClient: count(
    "most connections of one client's address; not counted behind proxies of one's own, see trustedProxies",
    5_000,
  ),
  maxHeaderBytes: option.whole({ about: "request line and headers together, in bytes", default: 16_384, least: 4_096 }),
  headersTimeoutMs: ms("time for request line and headers to arrive", 15_000),
  // Longer than usual load balancers.
  keepAliveMs: ms("how long an idle connection is kept", 65_000),
  idleMs: ms("longest wait for a client to send or take more", 60_000),
  minBytesPerSecond: count(
    "what a client must send on average once it made us wait for idleMs, in bytes a second",
    1_024,
  ),
  // Amazon's limits.
  maxPutBytes: option.whole({ about: "largest body of one PUT, in bytes", default: 5 * 2 ** 30 }),
  minPartBytes: option.whole({ about: "smallest part but the last of an upload, in bytes", default: 5 * 2 ** 20 }),
  // A quarter of the processors: where there are few, the threads would only take time from the rest.
  hashThreads: option.whole({
    about: "threads that hash large bodies; 0 hashes where the requests are handled; a quarter of the processors",
    default: Math.min(availableParallelism() >> 2, 8),
    most: 64,
  }),
  slowReplyMs: ms("when white space starts to keep a slow reply's connection alive, and its interval", 10_000),
} as const;

export type S3Options = OptionsInput<typeof s3Options>;
export type CompleteS3Options = OptionsOf<typeof s3Options>;

/** As host names are compared. */
export function plainDomain(domain: string): string {
  return domain.toLowerCase().replace(/^\.+|\.+$/g, "");
}

/** Throws `invalid-argument` for a domain of nothing but dots. */
export function withPlainDomains(options: CompleteS3Options): CompleteS3Options {
  const plain = (name: "baseDomains" | "bucketHosts" | "websiteDomains" | "websiteHosts") => {
    const domains = options[name].map(plainDomain);
    if (domains.includes("")) throw new PosternError("invalid-argument", `s3 option ${name}: has an empty domain`);
    return domains;
  };
  return {
    ...options,
    baseDomains: plain("baseDomains"),
    bucketHosts: plain("bucketHosts"),
    websiteDomains: plain("websiteDomains"),
    websiteHosts: plain("websiteHosts"),
  };
}
