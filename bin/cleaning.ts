import { removeExpiredRecords } from "../core/auth/expired-records.js";
import type { GrantStore } from "../core/auth/grant-store.js";
import type { Logger } from "../frontends/frontend.js";
import { exitLine } from "./exit-line.js";
import type { Stopper } from "./stopper.js";

/** How often expired records are looked for. */
const cleaningMs = 3_600_000;

/** Removes expired records now and every hour, one round at a time, until the program stops. */
export function startCleaning(
  store: Pick<GrantStore, "deleteExpired">,
  stopper: Pick<Stopper, "add">,
  log: Logger,
  everyMs = cleaningMs,
): void {
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
  const begin = (): void => {
    round ??= clean();
  };
  // Also at once: where it is started more often than that, it would else never come to it.
  begin();
  const timer = setInterval(begin, everyMs);
  stopper.add("cleaning of the credentials", async () => {
    clearInterval(timer);
    stopping.abort();
    await round;
  });
}
