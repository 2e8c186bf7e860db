import Koa from "koa";
import { defineFrontend, listen, option } from "postern/frontend";
import { createHandler } from "./handler.js";
import { createLocks } from "./locks.js";
import { createSessions } from "./sessions.js";

/**
 * WebDAV, class 1 and 2 (RFC 4918), over the buckets of a project: the root has the buckets, and keys with slashes are
 * paths. User name and password are S3 credentials. Locks are kept in this process.
 */
export const frontend = defineFrontend({
  name: "webdav",
  options: {
    host: option.host(),
    port: option.port({ about: "TCP port", default: 9105 }),
    tls: option.tls(),
    readOnly: option.flag({ about: "refuse everything that changes something", default: false }),
    sessionMs: option.whole({ about: "how long credentials that were right are used again, in ms", default: 60_000 }),
    lockSeconds: option.whole({
      about: "longest time of a lock until it is refreshed, in seconds",
      default: 3_600,
      least: 1,
    }),
    maxLocks: option.whole({ about: "most locks at a time", default: 10_000, least: 1 }),
    maxRequests: option.whole({ about: "most requests at a time; more get 503", default: 256, least: 1 }),
  },
  async start(deps, options) {
    const sessions = createSessions((id, secret) => deps.openWithCredentials(id, secret), options.sessionMs);
    const locks = createLocks({ maxSeconds: options.lockSeconds, maxLocks: options.maxLocks });
    const app = new Koa();
    app.use(createHandler({ deps, options, sessions, locks }));
    app.on("error", (error: Error) => deps.log.debug({ error: error.name }, "connection failed"));
    const listening = await listen(app.callback(), { ...options, highWaterMark: 256 * 1024 });
    return {
      addresses: { http: listening.url },
      async stop({ graceMs = 10_000 } = {}) {
        await listening.stop(graceMs);
        await sessions.close();
      },
    };
  },
});
