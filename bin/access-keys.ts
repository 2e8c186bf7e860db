import { createAuthService } from "../core/auth/service.js";
import type { AccessKeys, Logger } from "../frontends/frontend.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import type { Knex } from "../store/knex/open.js";
import type { ServeConfig } from "./config.js";
import { exitLine } from "./exit-line.js";
import { fixedAccessKeys } from "./fixed-access-keys.js";
import type { Satellite } from "./satellite.js";
import type { Stopper } from "./stopper.js";

interface Parts {
  readonly db: Knex;
  readonly satellite: Satellite;
  readonly stopper: Stopper;
  readonly endpoint: () => string;
  readonly log: Logger;
}

/** How often expired records are looked for, and how many are removed at a time. */
const cleaningMs = 3_600_000;
const cleaningBatch = 1_000;

/** The auth service on its database, or the fixed pair of a single-tenant gateway. */
export async function startAccessKeys(config: ServeConfig, parts: Parts): Promise<AccessKeys> {
  if (config.fixedCredentials !== undefined) {
    return fixedAccessKeys({ ...config.fixedCredentials, accessGrant: config.accessGrant! });
  }
  const store = knexGrantStore(parts.db);
  const clean = async (): Promise<void> => {
    try {
      await store.deleteExpired(cleaningBatch);
    } catch (error) {
      parts.log.warn({ error: exitLine(error) }, "removing expired records failed");
    }
  };
  const cleaning = setInterval(clean, cleaningMs);
  parts.stopper.add("cleaning of the credentials", async () => clearInterval(cleaning));
  return createAuthService({
    store,
    allowSatellite: (address) => parts.satellite.allows(address),
    endpoint: parts.endpoint,
  });
}
