import { clientKey, type RateLimiter } from "../../core/index.js";
import type { AuthMetrics, Protocol } from "./metrics.js";

/** Counts what each client asks, over all protocols together. */
export interface ClientLimit {
  /** Returns 0, or the milliseconds that the client at this IP address has to wait. */
  take(address: string, protocol: Protocol): number;
}

/** Without a limiter nobody has to wait. */
export function createClientLimit(limiter: Pick<RateLimiter, "take"> | undefined, metrics: AuthMetrics): ClientLimit {
  if (limiter === undefined) return { take: () => 0 };
  return {
    take(address, protocol) {
      const wait = limiter.take(clientKey(address));
      if (wait > 0) metrics.limited(protocol);
      return wait;
    },
  };
}

/** The host of "host:port" or "[host]:port". */
export function hostOf(peerAddress: string): string {
  return peerAddress.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
