import Koa from "koa";
import { defineFrontend, type Frontend } from "../frontend.js";
import { listen } from "../http/index.js";
import { createAccessCache } from "./auth/access-cache.js";
import type { S3Deps } from "./deps.js";
import { createHandler } from "./handler.js";
import { createJobs } from "./jobs/jobs.js";
import { createLogDelivery } from "./logging/log-delivery.js";
import { type S3Options, s3Options, withPlainDomains } from "./options.js";
import { createHashPool } from "./payload/hash-pool.js";
import { createProjectCache } from "./project-cache.js";
import { identityOf } from "./project-identity.js";
import { createSettingsCache } from "./settings/settings-cache.js";

export type { S3Deps } from "./deps.js";
export type { S3Options } from "./options.js";

const defaultGraceMs = 30_000;

/**
 * The S3 API over HTTP, with signatures of Version 4 and, for older clients, 2. Objects are interchangeable with those of
 * Storj's Go gateways.
 */
export const s3 = defineFrontend({
  name: "s3",
  options: s3Options,
  check: (options) => void withPlainDomains(options),
  async start(deps: S3Deps, given) {
    const options = withPlainDomains(given);
    const now = Date.now;
    const projects = createProjectCache((grant) => deps.openProject(grant), {
      entries: options.projectCacheEntries,
      idleMs: options.projectIdleMs,
      now,
      identify: identityOf,
      onCloseError: (error) => deps.log.warn({ error: String(error) }, "closing a project failed"),
    });
    const lookUp = createAccessCache((id) => deps.access.resolve(id), {
      entries: options.accessCacheEntries,
      ms: options.accessCacheMs,
      now,
    });
    const settings = createSettingsCache(deps.settings, {
      entries: options.settingsCacheEntries,
      ms: options.settingsCacheMs,
      now,
    });
    const hashes = createHashPool(options.hashThreads);
    const jobs = createJobs({
      settings: deps.settings,
      projects,
      log: deps.log,
      everyMs: options.lifecycleMs,
      dayMs: options.lifecycleDayMs,
      now,
    });
    const logs = createLogDelivery({
      settings,
      projects,
      log: deps.log,
      region: options.region,
      gatherMs: options.logGatherMs,
      now,
    });
    const app = new Koa();
    app.use(createHandler({ deps, options, lookUp, projects, settings, jobs, logs, hashes, now }));
    app.on("error", (error: NodeJS.ErrnoException) => {
      // Koa tells of sockets that clients reset, too; the request itself has been logged.
      if (error.syscall !== undefined) deps.log.debug({ error: String(error) }, "s3 connection failed");
      else deps.log.error({ error: String(error) }, "s3 handler failed");
    });
    const listening = await listen(app.callback(), {
      ...options,
      maxConnectionsPerClient: options.trustedProxies > 0 ? undefined : options.maxConnectionsPerClient,
      highWaterMark: 256 * 1024,
      malformedReply: () => ({ type: "application/xml", body: malformed }),
    }).catch(async (error: unknown) => {
      await projects.close();
      throw error;
    });
    return {
      addresses: { http: listening.url },
      async stop({ graceMs = defaultGraceMs } = {}) {
        await listening.stop(graceMs);
        await Promise.all([jobs.stop(), logs.stop()]);
        await Promise.all([projects.close(), hashes.close()]);
      },
    };
  },
});

/** `invalid-argument` names all options that are wrong. */
export function s3Frontend(options?: S3Options): Frontend<S3Deps> {
  return s3.create(options);
}

const malformed =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>BadRequest</Code>' +
  "<Message>An error occurred when parsing the HTTP request.</Message></Error>";
