import { createSharedLimits } from "../core/auth/shared-limits.js";
import type { AuthConfig } from "./auth-config.js";
import { authRates } from "./auth-rates.js";
import { authTokenOf } from "./credentials.js";
import { openDataDir } from "./data-dir.js";
import { createLogger } from "./logger.js";
import { runUntilTold } from "./run.js";
import type { Stopper } from "./stopper.js";

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
  const complete = { ...config, tokens: config.tokens ?? [await authTokenOf(dir)] };
  if (config.processes > 1) {
    const { startAuthProcesses } = await import("./auth-processes.js");
    return startAuthProcesses(complete, stopper, log);
  }
  // Not loaded by a process that only hands connections on.
  const { startAuthService } = await import("./auth-service.js");
  const limits = createSharedLimits(authRates(config), 1, () => {});
  const { addresses } = await startAuthService(complete, {
    stopper,
    log,
    cleans: true,
    limits: { clients: limits.limiter("clients"), projects: limits.limiter("projects") },
  });
  return addresses;
}
