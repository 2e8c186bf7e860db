import Koa from "koa";
import type { Frontend, FrontendDeps, RunningFrontend } from "../frontend.js";
import { listen } from "../http/index.js";
import { createAccessCache } from "./auth/access-cache.js";
import { createHandler } from "./handler.js";
import { createJobs } from "./jobs/jobs.js";
import { createLogDelivery } from "./logging/log-delivery.js";
import { completeOptions, type S3Options } from "./options.js";
import { createHashPool } from "./payload/hash-pool.js";
import { createProjectCache } from "./project-cache.js";
import { identityOf } from "./project-identity.js";
import { createSettingsCache } from "./settings/settings-cache.js";

export type { S3Options } from "./options.js";

const name = "s3";
const defaultGraceMs = 30_000;

/**
 * The S3 API over HTTP, with signatures of Version 4 and, for older clients, 2. Objects are interchangeable with those of Storj's Go gateways.
 * Options that make no sense fail at once with `invalid-argument`.
 */
export function s3Frontend(init: S3Options = {}): Frontend {
  const options = completeOptions(init);
  return {
    name,
    async start(deps: FrontendDeps): Promise<RunningFrontend> {
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
        highWaterMark: 256 * 1024,
        malformedReply: () => ({ type: "application/xml", body: malformed }),
      }).catch(async (error: unknown) => {
        await projects.close();
        throw error;
      });
      return {
        name,
        addresses: { http: listening.url },
        async stop({ graceMs = defaultGraceMs } = {}) {
          await listening.stop(graceMs);
          await Promise.all([jobs.stop(), logs.stop()]);
          await Promise.all([projects.close(), hashes.close()]);
        },
      };
    },
  };
}

const malformed =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>BadRequest</Code>' +
  "<Message>An error occurred when parsing the HTTP request.</Message></Error>";
