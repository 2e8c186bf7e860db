import { availableParallelism } from "node:os";
import { PosternError } from "../../core/index.js";

/** Options of the S3 frontend; all optional. */
export interface S3Options {
  /** Address to listen on. Default "127.0.0.1". */
  host?: string;
  /** TCP port; 0 takes a free one. Default 9000. */
  port?: number;
  /** PEM texts of a certificate chain and its key. Default: plain HTTP. */
  tls?: { key: string; cert: string };
  /** Domains below which the first labels of the host name are the bucket. Default none: path style only. */
  baseDomains?: readonly string[];
  /** Domains below which the first labels are a bucket whose website is served. Default none. */
  websiteDomains?: readonly string[];
  /** Name of the region that replies tell; requests may be signed for any. Default "us-east-1". */
  region?: string;
  /** Origins whose web pages may use the API from browsers; "*" is all. Default ["*"], as on Storj's gateways. */
  corsOrigins?: readonly string[];
  /** Proxies of our own in front, for the client's address in the log. Default 0. */
  trustedProxies?: number;
  /** How long a looked-up access key is used, in ms. Default 60 000. */
  accessCacheMs?: number;
  /** Most access keys remembered. Default 10 000. */
  accessCacheEntries?: number;
  /** How late this gateway learns of bucket settings that another one changed, in ms. Default 2 000. */
  settingsCacheMs?: number;
  /** Most bucket names whose settings are remembered. Default 10 000. */
  settingsCacheEntries?: number;
  /** How long server access logs are gathered before they are written as an object, in ms. Default 5 000. */
  logGatherMs?: number;
  /** How often lifecycle rules of all buckets are applied, in ms; 0 never. Default 3 600 000. */
  lifecycleMs?: number;
  /** Most open projects kept for the next request. Default 1 000. */
  projectCacheEntries?: number;
  /** How long an unused project stays open, in ms. Default 600 000. */
  projectIdleMs?: number;
  /** Most requests at a time; more get 503 SlowDown. Default 1 024. */
  maxRequests?: number;
  /** Most requests at a time with one access grant. Default 500 (storj/edge gateway-mt's number). */
  maxRequestsPerGrant?: number;
  /** Most connections at a time. Default 10 000. */
  maxConnections?: number;
  /** Request line and headers together, in bytes. Default 16 384. */
  maxHeaderBytes?: number;
  /** Time for request line and headers to arrive, in ms. Default 15 000. */
  headersTimeoutMs?: number;
  /** How long an idle connection is kept, in ms. Default 65 000: longer than usual load balancers. */
  keepAliveMs?: number;
  /** Longest wait for a client to send or take more, in ms. Default 60 000. */
  idleMs?: number;
  /** What a client must send on average once it has made us wait for `idleMs`, in bytes a second. Default 1 024. */
  minBytesPerSecond?: number;
  /** Largest body of one PUT, in bytes. Default 5 GiB (Amazon's limit). */
  maxPutBytes?: number;
  /** Smallest part but the last of a multipart upload, in bytes. Default 5 MiB (Amazon's limit). */
  minPartBytes?: number;
  /**
   * Threads that hash large bodies; 0 hashes where the requests are handled. Default a quarter of the processors, rounded
   * down: where there are few, the threads would only take time from the rest.
   */
  hashThreads?: number;
  /** When white space starts to keep a slow reply's connection alive, and its interval, in ms. Default 10 000. */
  slowReplyMs?: number;
}

export type CompleteS3Options = Required<Omit<S3Options, "tls">> & Pick<S3Options, "tls">;

/** Fills and checks the options; `invalid-argument` names the one that is wrong. */
export function completeOptions(options: S3Options = {}): CompleteS3Options {
  const complete: CompleteS3Options = {
    host: options.host ?? "127.0.0.1",
    port: whole("port", options.port ?? 9000, 0, 65_535),
    tls: options.tls,
    baseDomains: (options.baseDomains ?? []).map(plainDomain),
    websiteDomains: (options.websiteDomains ?? []).map(plainDomain),
    region: options.region ?? "us-east-1",
    corsOrigins: options.corsOrigins ?? ["*"],
    trustedProxies: whole("trustedProxies", options.trustedProxies ?? 0, 0, 16),
    accessCacheMs: whole("accessCacheMs", options.accessCacheMs ?? 60_000, 0),
    accessCacheEntries: whole("accessCacheEntries", options.accessCacheEntries ?? 10_000, 1),
    settingsCacheMs: whole("settingsCacheMs", options.settingsCacheMs ?? 2_000, 0),
    settingsCacheEntries: whole("settingsCacheEntries", options.settingsCacheEntries ?? 10_000, 1),
    logGatherMs: whole("logGatherMs", options.logGatherMs ?? 5_000, 1, 2 ** 31 - 1),
    lifecycleMs: whole("lifecycleMs", options.lifecycleMs ?? 3_600_000, 0, 2 ** 31 - 1),
    projectCacheEntries: whole("projectCacheEntries", options.projectCacheEntries ?? 1_000, 1),
    projectIdleMs: whole("projectIdleMs", options.projectIdleMs ?? 600_000, 1, 2 ** 31 - 1),
    maxRequests: whole("maxRequests", options.maxRequests ?? 1_024, 1),
    maxRequestsPerGrant: whole("maxRequestsPerGrant", options.maxRequestsPerGrant ?? 500, 1),
    maxConnections: whole("maxConnections", options.maxConnections ?? 10_000, 1),
    maxHeaderBytes: whole("maxHeaderBytes", options.maxHeaderBytes ?? 16_384, 4_096),
    headersTimeoutMs: whole("headersTimeoutMs", options.headersTimeoutMs ?? 15_000, 1, 2 ** 31 - 1),
    keepAliveMs: whole("keepAliveMs", options.keepAliveMs ?? 65_000, 1, 2 ** 31 - 1),
    idleMs: whole("idleMs", options.idleMs ?? 60_000, 1, 2 ** 31 - 1),
    minBytesPerSecond: whole("minBytesPerSecond", options.minBytesPerSecond ?? 1_024, 1),
    maxPutBytes: whole("maxPutBytes", options.maxPutBytes ?? 5 * 2 ** 30, 0),
    minPartBytes: whole("minPartBytes", options.minPartBytes ?? 5 * 2 ** 20, 0),
    hashThreads: whole("hashThreads", options.hashThreads ?? Math.min(availableParallelism() >> 2, 8), 0, 64),
    slowReplyMs: whole("slowReplyMs", options.slowReplyMs ?? 10_000, 1, 2 ** 31 - 1),
  };
  if (!/^[a-z0-9-]{1,64}$/.test(complete.region)) throw wrong("region", "is no region name");
  for (const name of ["baseDomains", "websiteDomains"] as const) {
    if (complete[name].some((domain) => !/^[a-z0-9.-]+$/.test(domain))) throw wrong(name, "has no domain");
  }
  return complete;
}

function plainDomain(domain: string): string {
  return domain.toLowerCase().replace(/^\.+|\.+$/g, "");
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw wrong(name, `must be a whole number from ${least} to ${most}`);
}

function wrong(name: string, what: string): PosternError {
  return new PosternError("invalid-argument", `s3 option ${name}: ${what}`);
}
