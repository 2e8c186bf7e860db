import { randomBytes } from "node:crypto";
import { newApiKey } from "../../core/access/api-key.js";
import { newGrant, parseGrant, serializeGrant } from "../../core/access/grant.js";
import { shareGrant } from "../../core/access/share.js";
import type { GrantStore } from "../../core/auth/grant-store.js";
import type { RateLimiter } from "../../core/auth/rate-limit.js";
import { createAuthService } from "../../core/auth/service.js";
import { createBucketSettings } from "../../core/settings/bucket-settings.js";
import type { FrontendDeps } from "../../frontends/frontend.js";
import { memoryGrantStore } from "../../store/memory.js";
import { memorySettingsStore } from "../../store/memory-settings.js";

const allowed = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

/** What the auth frontend needs, on a store in memory, with everything that it logs. */
export function authDeps(options: { store?: GrantStore; now?: () => number; projectLimit?: RateLimiter } = {}): {
  deps: Pick<FrontendDeps, "openProject" | "access" | "settings" | "log">;
  grant: string;
  /** Of another project. */
  otherGrant: string;
  foreignGrant: string;
  expiredGrant: string;
  logged: string[];
} {
  const logged: string[] = [];
  const log = (fields: object, message: string): void => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const grantOf = (satelliteAddress: string): string =>
    serializeGrant(newGrant({ satelliteAddress, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) }));
  const past = { allowDownload: true, notAfter: new Date(1_600_000_000_000) };
  return {
    expiredGrant: serializeGrant(shareGrant(parseGrant(grantOf(allowed)), past, [])),
    deps: {
      openProject: () => Promise.reject(new Error("the auth frontend opens no project")),
      access: createAuthService({
        store: options.store ?? memoryGrantStore(),
        now: options.now,
        projectLimit: options.projectLimit,
        allowSatellite: (address) => address === allowed,
        endpoint: "https://gateway.example",
      }),
      settings: createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) }),
      log: { debug: log, info: log, warn: log, error: log },
    },
    grant: grantOf(allowed),
    otherGrant: grantOf(allowed),
    foreignGrant: grantOf(allowed.replace("7777", "7778")),
    logged,
  };
}
