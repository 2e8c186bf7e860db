import { type OptionsInput, type OptionsOf, option } from "../frontend.js";
import type { TxtResolver } from "./hosting/resolver.js";

/** What setTimeout can wait, in ms. */
const mostMs = 2 ** 31 - 1;
const ms = (about: string, fallback: number, least = 1) =>
  option.whole({ about: `${about}, in ms`, default: fallback, least, most: mostMs });
const count = (about: string, fallback: number, most?: number) =>
  option.whole({ about, default: fallback, least: 1, most });

/** Options of the link sharing frontend. */
export const linkshareOptions = {
  host: option.host(),
  port: option.port({ about: "TCP port", default: 9004 }),
  tls: option.tls(),
  // As storj/edge sharing/handler.go parseURLBase.
  publicUrls: option.list({
    about:
      "URLs of this service as visitors know it, the first one for links; none tells links with the host asked for",
    default: [],
    pattern: /^https?:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?$/,
    is: "an http or https URL of a host, with nothing behind it",
  }),
  dnsServer: option.text({
    about: "host:port of a DNS server, asked over TCP for the sites of users; there are no sites without",
    pattern: /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/,
    is: "host:port",
  }),
  resolver: option.value<TxtResolver>({
    about: "finds TXT records in place of dnsServer: { txt(name, signal) }",
    check(value) {
      if (typeof (value as TxtResolver | null)?.txt !== "function") throw new Error("must have a function txt");
      return value as TxtResolver;
    },
  }),
  siteCacheMs: ms("longest time that records of a site are used", 3_600_000, 0),
  siteCacheEntries: count("most sites whose records are remembered", 10_000),
  redirectHttps: option.flag({ about: "redirects to https: our own hosts, and sites with storj-tls", default: false }),
  landingUrl: option.text({
    about: 'where visitors of "/" are sent; a page without',
    pattern: /^https?:\/\/[!-~]+$/,
    is: "an http or https URL",
  }),
  blocked: option.list({
    about: 'host and path of requests that are refused with 401; "r:" in front makes it a regular expression',
    default: [],
  }),
  rendersContent: option.flag({
    about: "shows all types in the browser, and not only PDF and images, but for sites, which always do",
    default: false,
  }),
  viewsHtml: option.flag({ about: "serves HTML as HTML in a sandbox, but for sites, which have none", default: false }),
  pageEntries: count("entries of a page of a folder", 100, 900),
  folderDownloads: option.flag({ about: "lets folders be downloaded as archives", default: true }),
  zipEntries: count("most objects in a zip archive of a folder; a note takes the place of the rest", 1_000, 100_000),
  thumbnails: option.flag({ about: "makes small images for folders", default: true }),
  previewBytes: option.whole({
    about: "beginning of a text that its page shows, in bytes",
    default: 262_144,
    most: 2 ** 24,
  }),
  accessCacheMs: ms("how long a looked-up access key is used", 60_000, 0),
  accessCacheEntries: count("most access keys remembered", 10_000),
  trustedProxies: option.whole({
    about: "proxies of one's own in front, whose X-Forwarded-Proto and X-Forwarded-For are believed",
    default: 0,
    most: 16,
  }),
  maxRequests: count("most requests at a time; more get 503", 1_024),
  // storj/edge linksharing's number.
  maxRequestsPerProject: count("most requests at a time for one project; more get 429", 500),
  // Half of all: one client can not have everything.
  maxRequestsPerClient: count("most requests at a time of one client's address; more get 429", 512),
  maxFolderDownloads: count("most folders that are downloaded at a time; more get 429", 32),
  maxConnections: count("most connections at a time", 10_000),
  maxHeaderBytes: option.whole({ about: "request line and headers together, in bytes", default: 16_384, least: 4_096 }),
  headersTimeoutMs: ms("time for request line and headers to arrive", 15_000),
  keepAliveMs: ms("how long an idle connection is kept", 65_000),
  idleMs: ms("longest wait for a client to take more", 60_000),
  replyMs: ms("longest time until a reply begins", 60_000),
} as const;

export type LinkShareOptions = OptionsInput<typeof linkshareOptions>;
export type CompleteLinkShareOptions = OptionsOf<typeof linkshareOptions>;
