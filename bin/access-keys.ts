import { createAuthService } from "../core/auth/service.js";
import type { AccessKeys, Logger } from "../frontends/frontend.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import { openSqlite } from "../store/knex/open.js";
import type { ServeConfig } from "./config.js";
import type { DataDir } from "./data-dir.js";
import { exitLine } from "./exit-line.js";
import { fixedAccessKeys } from "./fixed-access-keys.js";
import type { Satellite } from "./satellite.js";
import type { Stopper } from "./stopper.js";

interface Parts {
  readonly dir: DataDir;
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
  const store = knexGrantStore(await openSqlite({ file: parts.dir.file("auth.db") }));
  const clean = async (): Promise<void> => {
    try {
      await store.deleteExpired(cleaningBatch);
    } catch (error) {
      parts.log.warn({ error: exitLine(error) }, "removing expired records failed");
    }
  };
  const cleaning = setInterval(clean, cleaningMs);
  parts.stopper.add("credentials database", async () => {
    clearInterval(cleaning);
    await store.close();
  });
  return createAuthService({
    store,
    allowSatellite: (address) => parts.satellite.allows(address),
    endpoint: parts.endpoint,
  });
}
