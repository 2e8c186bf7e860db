import { cachingGrantStore } from "../core/auth/caching-store.js";
import type { GrantStore } from "../core/auth/grant-store.js";
import { createRateLimiter } from "../core/auth/rate-limit.js";
import { openSatelliteList } from "../core/auth/satellite-list.js";
import { createAuthService } from "../core/auth/service.js";
import { createUplink, type Uplink } from "../core/uplink.js";
import { authFrontend } from "../frontends/auth/index.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import { openGrantDatabase } from "../store/knex/open.js";
import type { AuthConfig } from "./auth-config.js";
import { startCleaning } from "./cleaning.js";
import { authTokenOf } from "./credentials.js";
import { type DataDir, openDataDir } from "./data-dir.js";
import { exitLine } from "./exit-line.js";
import { loadGrantStore } from "./grant-store.js";
import { createLogger } from "./logger.js";
import { projectLookup } from "./project-lookup.js";
import { runUntilTold } from "./run.js";
import type { Stopper } from "./stopper.js";
import { openTls } from "./tls.js";

/** Runs the auth service alone until it is told to stop. */
export function serveAuth(config: AuthConfig): Promise<void> {
  return runUntilTold(async (stopper) => {
    const addresses = await start(config, stopper);
    const lines = Object.entries(addresses).map(([purpose, address]) => `  ${purpose.padEnd(8)}${address}\n`);
    return `Postern's auth service is ready.\n${lines.join("")}`;
  });
}

async function start(config: AuthConfig, stopper: Stopper): Promise<Readonly<Record<string, string>>> {
  const log = createLogger(config.logLevel);
  const dir = await openDataDir(config.dataDir);
  stopper.add("data folder", () => dir.release());
  const satellites = await openSatelliteList(config.satellites, {
    onProblem: (error) => log.warn({ error: exitLine(error) }, "reading the list of satellites failed"),
  });
  stopper.add("list of satellites", async () => satellites.close());
  const store = cachingGrantStore(await openStore(config, dir));
  stopper.add("credentials", () => store.close());
  startCleaning(store, stopper, log);
  const access = createAuthService({
    store,
    allowSatellite: (address) => satellites.allows(address),
    endpoint: config.endpoint,
    lookUpProject: config.projectInfo ? projectLookup(startUplink(stopper)) : undefined,
    projectLimit: config.projectPerMinute === 0 ? undefined : createRateLimiter({ perMinute: config.projectPerMinute }),
  });
  const { http, grpc, drpc, metrics } = config.ports;
  const frontend = await authFrontend({
    host: config.host,
    tls: await openTls(config.tls, stopper, log),
    httpPort: http,
    grpcPort: grpc,
    drpcPort: drpc,
    metricsPort: metrics,
    tokens: config.tokens ?? [await authTokenOf(dir)],
    requestsPerMinute: config.requestsPerMinute,
    trustedProxies: config.trustedProxies,
  }).start({
    access,
    log,
  });
  stopper.add("auth frontend", () => frontend.stop({ graceMs: 3_000 }));
  return frontend.addresses;
}

async function openStore(config: AuthConfig, dir: DataDir): Promise<GrantStore> {
  if (config.store !== undefined) return loadGrantStore(config.store, { dataDir: dir.path });
  return knexGrantStore(await openGrantDatabase(config.database ?? dir.file("auth.db"), config.connections));
}

function startUplink(stopper: Stopper): Uplink {
  const uplink = createUplink({ userAgent: "Postern-Auth/0.1.0", threads: 1 });
  stopper.add("uplink", () => uplink.close());
  return uplink;
}
