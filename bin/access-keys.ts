import { cachingGrantStore } from "../core/auth/caching-store.js";
import type { GrantStore } from "../core/auth/grant-store.js";
import { createRateLimiter } from "../core/auth/rate-limit.js";
import { createAuthService } from "../core/auth/service.js";
import type { Uplink } from "../core/uplink.js";
import type { AccessKeys, Logger } from "../frontends/frontend.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import type { Knex } from "../store/knex/open.js";
import { startCleaning } from "./cleaning.js";
import type { ServeConfig } from "./config.js";
import { fixedAccessKeys } from "./fixed-access-keys.js";
import { loadGrantStore } from "./grant-store.js";
import { projectLookup } from "./project-lookup.js";
import type { Satellite } from "./satellite.js";
import type { Stopper } from "./stopper.js";

interface Parts {
  readonly db: Knex;
  readonly satellite: Satellite;
  readonly stopper: Stopper;
  readonly endpoint: () => string;
  readonly log: Logger;
  readonly uplink: Uplink;
}

/** The auth service on its database, or the fixed pair of a single-tenant gateway. */
export async function startAccessKeys(config: ServeConfig, parts: Parts): Promise<AccessKeys> {
  if (config.fixedCredentials !== undefined) {
    return fixedAccessKeys({ ...config.fixedCredentials, accessGrant: config.accessGrant! });
  }
  const store = cachingGrantStore(await openStore(config, parts));
  startCleaning(store, parts.stopper, parts.log);
  return createAuthService({
    store,
    allowSatellite: (address) => parts.satellite.allows(address),
    endpoint: parts.endpoint,
    lookUpProject: config.projectInfo ? projectLookup(parts.uplink) : undefined,
    projectLimit: config.projectPerMinute === 0 ? undefined : createRateLimiter({ perMinute: config.projectPerMinute }),
  });
}

async function openStore(config: ServeConfig, { db, stopper }: Parts): Promise<GrantStore> {
  // The database is closed by whoever opened it.
  if (config.authStore === undefined) return knexGrantStore(db);
  const store = await loadGrantStore(config.authStore, { dataDir: config.dataDir });
  stopper.add("credentials", () => store.close());
  return store;
}
