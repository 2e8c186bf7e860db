import { createSharedLimits, type SharedLimits } from "../core/auth/shared-limits.js";
import { collectLessOften } from "../core/collector.js";
import { createAuthMetrics } from "../frontends/auth/index.js";
import { authRates } from "./auth-config.js";
import { type FromAuthWorker, type ToAuthWorker, tellEveryMs } from "./auth-messages.js";
import { type StartedAuthService, startAuthService } from "./auth-service.js";
import { exitLine } from "./exit-line.js";
import { createLogger } from "./logger.js";
import { createStopper } from "./stopper.js";
import { createTeller } from "./teller.js";

/** Serves as the first process says, until it says stop. */
export function runAuthWorker(): void {
  collectLessOften();
  const stopper = createStopper({ listens: false });
  const counts = createAuthMetrics();
  let limits: SharedLimits | undefined;
  let service: StartedAuthService | undefined;

  const tell = (message: FromAuthWorker, left: () => void = () => {}): void => {
    // What can not be sent has nobody to hear it: this process ends too then.
    process.send?.(message, undefined, undefined, left);
  };
  const teller = createTeller<FromAuthWorker>(
    (urgent) => {
      const tokens = limits?.drain();
      return tokens && { kind: "taken", tokens, urgent };
    },
    tell,
    tellEveryMs,
  );
  const serve = async ({ config, cleans, owed }: ToAuthWorker & { readonly kind: "serve" }): Promise<void> => {
    try {
      limits = createSharedLimits(authRates(config), config.processes, (urgent) => teller.news(urgent));
      limits.book(owed);
      service = await startAuthService(config, {
        stopper,
        log: createLogger(config.logLevel),
        cleans,
        limits: { clients: limits.limiter("clients"), projects: limits.limiter("projects") },
        counts,
      });
      tell({ kind: "ready", addresses: service.addresses });
    } catch (error) {
      const line = exitLine(error);
      await stopper.stop();
      tell({ kind: "failed", line });
    }
  };
  const stop = async (): Promise<void> => {
    await stopper.stop();
    process.exit();
  };

  process.on("message", (message: ToAuthWorker) => {
    if (message.kind === "serve") void serve(message);
    else if (message.kind === "taken") limits?.book(message.tokens);
    else if (message.kind === "look at certificates") void service?.refreshTls();
    else if (message.kind === "stop") void stop();
    else void counts.snapshot().then((snapshot) => tell({ kind: "counted", snapshot }));
  });
  tell({ kind: "here" });
}
