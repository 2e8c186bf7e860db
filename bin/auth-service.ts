import { join } from "node:path";
import { type CachingStoreOptions, cachingGrantStore } from "../core/auth/caching-store.js";
import type { GrantStore, StoredGrantRecord } from "../core/auth/grant-store.js";
import type { RateLimiter } from "../core/auth/rate-limit.js";
import { openSatelliteList } from "../core/auth/satellite-list.js";
import { createAuthService } from "../core/auth/service.js";
import { createUplink, type Uplink } from "../core/uplink.js";
import { type AuthMetrics, authFrontend, authOptions } from "../frontends/auth/index.js";
import type { Logger } from "../frontends/frontend.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import { openGrantDatabase } from "../store/knex/open.js";
import type { AuthConfig } from "./auth-config.js";
import { startCleaning } from "./cleaning.js";
import { exitLine } from "./exit-line.js";
import { loadGrantStore } from "./grant-store.js";
import { projectLookup } from "./project-lookup.js";
import type { Stopper } from "./stopper.js";
import { openTls } from "./tls.js";

export interface AuthServiceParts {
  readonly stopper: Stopper;
  readonly log: Logger;
  /** Whether this process removes expired records. */
  readonly cleans: boolean;
  /** Undefined does not limit. */
  readonly limits: { readonly clients: RateLimiter | undefined; readonly projects: RateLimiter | undefined };
  /** What the service counts in, if others want to know of it. */
  readonly counts?: AuthMetrics;
  /** Other processes, which may remember what this one does not when the database is away. */
  readonly elsewhere?: CachingStoreOptions["elsewhere"];
}

export interface StartedAuthService {
  /** Where it listens, by purpose. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Looks at the files of the certificates now. */
  refreshTls(): Promise<unknown>;
  /** What is remembered for when the database is away, by the hex of the key hash. */
  remembered(keyHash: string): StoredGrantRecord | undefined;
}

/** Starts the auth service, or one of `config.processes` that do the same. `config` has its tokens. */
export async function startAuthService(config: AuthConfig, parts: AuthServiceParts): Promise<StartedAuthService> {
  const { stopper, log, limits } = parts;
  const satellites = await openSatelliteList(config.satellites, {
    onProblem: (error) => log.warn({ error: exitLine(error) }, "reading the list of satellites failed"),
  });
  stopper.add("list of satellites", async () => satellites.close());
  const store = cachingGrantStore(await openStore(config), { elsewhere: parts.elsewhere });
  stopper.add("credentials", () => store.close());
  if (parts.cleans) startCleaning(store, stopper, log);
  const access = createAuthService({
    store,
    allowSatellite: (address) => satellites.allows(address),
    endpoint: config.endpoint,
    lookUpProject: config.projectInfo ? projectLookup(startUplink(stopper)) : undefined,
    projectLimit: limits.projects,
  });
  const { http, grpc, drpc, metrics } = config.ports;
  const tls = await openTls(config.tls, stopper, log);
  const frontend = await authFrontend({
    host: config.host,
    tls,
    httpPort: http,
    grpcPort: grpc,
    drpcPort: drpc,
    metricsPort: metrics,
    tokens: config.tokens,
    requestsPerMinute: config.requestsPerMinute,
    trustedProxies: config.trustedProxies,
    maxConnections: shareOf(authOptions.maxConnections.default, config),
    maxConnectionsPerClient: shareOf(authOptions.maxConnectionsPerClient.default, config),
  }).start({ access, log, clientLimit: limits.clients, counts: parts.counts });
  stopper.add("auth frontend", () => frontend.stop({ graceMs: 3_000 }));
  return {
    addresses: frontend.addresses,
    refreshTls: async () => tls?.refresh(),
    remembered: (keyHash) => store.remembered(keyHash),
  };
}

/** Connections go to the processes in turn. */
function shareOf(most: number, { processes }: AuthConfig): number {
  return Math.ceil(most / processes);
}

async function openStore({ dataDir, store, database, connections, processes }: AuthConfig): Promise<GrantStore> {
  if (store !== undefined) return loadGrantStore(store, { dataDir });
  const share = Math.max(1, Math.floor(connections / processes));
  return knexGrantStore(await openGrantDatabase(database ?? join(dataDir, "auth.db"), share));
}

function startUplink(stopper: Stopper): Uplink {
  const uplink = createUplink({ userAgent: "Postern-Auth/0.1.0", threads: 1 });
  stopper.add("uplink", () => uplink.close());
  return uplink;
}
