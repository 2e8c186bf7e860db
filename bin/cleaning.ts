import { removeExpiredRecords } from "../core/auth/expired-records.js";
import type { GrantStore } from "../core/auth/grant-store.js";
import type { Logger } from "../frontends/frontend.js";
import { exitLine } from "./exit-line.js";
import type { Stopper } from "./stopper.js";

/** How often expired records are looked for. */
const cleaningMs = 3_600_000;

/** Removes expired records every hour, one round at a time, until the program stops. */
export function startCleaning(store: GrantStore, stopper: Stopper, log: Logger): void {
  const stopping = new AbortController();
  let round: Promise<void> | undefined;
  const clean = async (): Promise<void> => {
    try {
      await removeExpiredRecords(store, { signal: stopping.signal });
    } catch (error) {
      log.warn({ error: exitLine(error) }, "removing expired records failed");
    } finally {
      round = undefined;
    }
  };
  const timer = setInterval(() => {
    round ??= clean();
  }, cleaningMs);
  stopper.add("cleaning of the credentials", async () => {
    clearInterval(timer);
    stopping.abort();
    await round;
  });
}
