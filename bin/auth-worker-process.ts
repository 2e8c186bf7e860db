import type { StoredGrantRecord } from "../core/auth/grant-store.js";
import { createSharedLimits, type SharedLimits } from "../core/auth/shared-limits.js";
import { collectLessOften } from "../core/collector.js";
import { createAuthMetrics } from "../frontends/auth/index.js";
import { createAskOthers } from "./ask-others.js";
import { type FromAuthWorker, type ToAuthWorker, tellEveryMs } from "./auth-messages.js";
import { authRates } from "./auth-rates.js";
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
  const others = createAskOthers<StoredGrantRecord>((question, keyHash) => {
    tell({ kind: "who knows", question, keyHash });
  });
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
        elsewhere: others.ask,
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
    switch (message.kind) {
      case "serve":
        return void serve(message);
      case "taken":
        return limits?.book(message.tokens);
      case "count":
        return void counts.snapshot().then((snapshot) => tell({ kind: "counted", snapshot }));
      case "who knows": {
        const { from: to, question, keyHash } = message;
        const record = service?.remembered(keyHash);
        return record && tell({ kind: "known", to, question, record });
      }
      case "known":
        return others.told(message.question, message.record);
      case "look at certificates":
        return void service?.refreshTls();
      case "stop":
        return void stop();
    }
  });
  tell({ kind: "here" });
}
