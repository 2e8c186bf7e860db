import Koa from "koa";
import { defineFrontend, type Frontend, type FrontendDeps } from "../frontend.js";
import { listen } from "../http/index.js";
import { reasonOf } from "./errors.js";
import { createHandler } from "./handler.js";
import { createDnsResolver } from "./hosting/dns-resolver.js";
import { createSites } from "./hosting/sites.js";
import { type LinkShareOptions, linkshareOptions } from "./options.js";
import { createBlocklist } from "./own-host.js";
import { createPreviewer } from "./preview/previewer.js";
import { createQueue } from "./thumbnails/queue.js";
import { createThumbnails } from "./thumbnails/thumbnails.js";

export type { TxtRecord, TxtResolver } from "./hosting/resolver.js";
export type { LinkShareOptions } from "./options.js";

/** What link sharing needs of what frontends are given. */
export type LinkShareDeps = Pick<FrontendDeps, "openProject" | "access" | "log" | "metrics">;

const defaultGraceMs = 30_000;

/**
 * Files in the browser by link, folder, site and domain: what Storj's linksharing service does, at the same addresses, so
 * that links of the uplink CLI open.
 */
export const linkshare = defineFrontend({
  name: "linkshare",
  options: linkshareOptions,
  check: ({ blocked }) => void createBlocklist(blocked),
  async start(deps: LinkShareDeps, options) {
    const now = Date.now;
    const { dnsServer } = options;
    const resolver =
      options.resolver ?? (dnsServer === undefined ? undefined : createDnsResolver({ server: dnsServer }));
    const { siteCacheEntries: entries, siteCacheMs: maxMs } = options;
    const sites = resolver === undefined ? undefined : createSites({ resolver, entries, maxMs, now });
    const previewer = createPreviewer();
    const thumbnails = options.thumbnails ? createThumbnails() : undefined;
    const closeAll = async (): Promise<void> => {
      sites?.close();
      thumbnails?.close();
      await previewer.close();
    };
    let stopping = false;
    const app = new Koa();
    const services = { previewer, thumbnails, archives: createQueue(8, 200) };
    app.use(createHandler({ deps, options, sites, services, stopping: () => stopping, now }));
    app.on("error", (error: NodeJS.ErrnoException) => {
      // Koa tells of sockets that clients reset, too; the request itself has been logged.
      if (error.syscall !== undefined) deps.log.debug({ error: reasonOf(error) }, "link connection failed");
      else deps.log.error({ error: reasonOf(error) }, "link handler failed");
    });
    const listening = await listen(app.callback(), {
      ...options,
      highWaterMark: 256 * 1024,
      malformedReply: () => ({ type: "text/plain", body: "Malformed request.\n" }),
    }).catch(async (error: unknown) => {
      await closeAll();
      throw error;
    });
    return {
      addresses: { http: listening.url, ...publicAddress(options.publicUrls) },
      async stop({ graceMs = defaultGraceMs } = {}) {
        stopping = true;
        await listening.stop(graceMs);
        await closeAll();
      },
    };
  },
});

function publicAddress([first]: readonly string[]): { public?: string } {
  return first === undefined ? {} : { public: first };
}

/** `invalid-argument` names all options that are wrong. */
export function linkShareFrontend(options?: LinkShareOptions): Frontend<LinkShareDeps> {
  return linkshare.create(options);
}
