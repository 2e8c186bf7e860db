import { LRUCache } from "lru-cache";
import { createGate } from "../../http/index.js";
import { LinkError } from "../errors.js";
import { bytesOf } from "../uri.js";
import type { TxtResolver } from "./resolver.js";
import { txtFields } from "./txt-fields.js";

/** What the owner of a domain says of it. */
export interface Site {
  /** Access key id or access grant. */
  readonly access: string;
  readonly bucket: string;
  /** Folder of the bucket that is the site: "" or bytes-as-characters that end in "/". */
  readonly prefix: string;
  /** May be redirected to https. */
  readonly tls: boolean;
}

export interface Sites {
  /** The site of a host; undefined where its owner has made none. Rejects when that can not be told now. */
  find(host: string): Promise<Site | undefined>;
  /** Ends what is under way. */
  close(): void;
}

export interface SitesOptions {
  readonly resolver: TxtResolver;
  /** Most sites remembered. */
  readonly entries: number;
  /** Longest time that records are used, in ms, whatever they say. */
  readonly maxMs: number;
  /** Most look-ups at a time; 256 when absent. */
  readonly lookUps?: number;
  readonly now: () => number;
}

interface Known {
  readonly site: Site;
  readonly until: number;
}

/**
 * Remembers sites for as long as their records say. What has expired is used once more while it is looked up again, so
 * that visitors do not wait; failures, and hosts that are no sites, are not remembered, so that new ones work at once.
 * Source: storj/edge sharing/txtrecords.go.
 */
export function createSites(options: SitesOptions): Sites {
  const { resolver, entries, maxMs, now } = options;
  const known = new LRUCache<string, Known>({ max: entries });
  const underWay = new Map<string, Promise<Site | undefined>>();
  const gate = createGate(options.lookUps ?? 256);
  const stopped = new AbortController();

  const ask = async (host: string): Promise<Site | undefined> => {
    const leave = gate.enter();
    if (leave === undefined) throw new LinkError(503, "Too many sites are looked up now. Please try again later.");
    try {
      const fields = txtFields(await resolver.txt(`txt-${host}`, stopped.signal));
      const site = siteOf(fields.get.bind(fields));
      if (site === undefined) known.delete(host);
      else known.set(host, { site, until: now() + Math.min(fields.ttlMs, maxMs) });
      return site;
    } catch (error) {
      known.delete(host);
      throw error;
    } finally {
      leave();
    }
  };

  /** Visitors that come at once share one look-up. */
  const lookUp = (host: string): Promise<Site | undefined> => {
    const asking = underWay.get(host) ?? ask(host).finally(() => underWay.delete(host));
    underWay.set(host, asking);
    return asking;
  };

  return {
    async find(host) {
      if (!isDomain(host)) return undefined;
      const entry = known.get(host);
      if (entry === undefined) return lookUp(host);
      // The next visitor is told of the failure, and gets the new look-up.
      if (entry.until <= now()) lookUp(host).catch(() => undefined);
      return entry.site;
    },
    close: () => stopped.abort(),
  };
}

function siteOf(get: (field: string) => string): Site | undefined {
  const access = get("storj-access") || get("storj-grant");
  const root = get("storj-root") || get("storj-path");
  const slash = root.indexOf("/");
  const bucket = slash < 0 ? root : root.slice(0, slash);
  if (access === "" || bucket === "") return undefined;
  const rest = slash < 0 ? "" : bytesOf(root.slice(slash + 1));
  const prefix = rest === "" || rest.endsWith("/") ? rest : `${rest}/`;
  // Go's strconv.ParseBool
  return { access, bucket, prefix, tls: /^(?:1|t|T|TRUE|true|True)$/.test(get("storj-tls")) };
}

/** RFC 1035 section 2.3.4: labels of 63 bytes, names of 253, also with "txt-" in front. */
function isDomain(host: string): boolean {
  return (
    host.length <= 249 &&
    host.split(".").every((label, i) => /^[a-z0-9_-]+$/.test(label) && label.length <= (i === 0 ? 59 : 63))
  );
}
