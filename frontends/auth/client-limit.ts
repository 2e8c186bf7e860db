import { clientKey, createRateLimiter } from "../../core/index.js";
import type { AuthMetrics, Protocol } from "./metrics.js";

/** Counts what each client asks, over all protocols together. */
export interface ClientLimit {
  /** Returns 0, or the milliseconds that the client at this IP address has to wait. */
  take(address: string, protocol: Protocol): number;
}

export function createClientLimit(perMinute: number, metrics: AuthMetrics): ClientLimit {
  if (perMinute === 0) return { take: () => 0 };
  const limiter = createRateLimiter({ perMinute });
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
