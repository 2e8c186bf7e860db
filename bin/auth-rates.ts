import type { Rates } from "../core/auth/shared-limits.js";
import { authOptions } from "../frontends/auth/options.js";
import type { AuthConfig } from "./auth-config.js";

/** What is limited in all processes of the auth service together. */
export function authRates(config: Pick<AuthConfig, "requestsPerMinute" | "projectPerMinute">): Rates {
  const { requestsPerMinute = authOptions.requestsPerMinute.default, projectPerMinute } = config;
  return { clients: requestsPerMinute, projects: projectPerMinute };
}
