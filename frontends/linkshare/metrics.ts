import type { Metrics } from "../frontend.js";

export interface LinkMetrics {
  /** A request that was answered; `ms` until its reply was about to be sent. */
  observe(method: string | undefined, status: number, ms: number): void;
}

export function createLinkMetrics(metrics: Metrics): LinkMetrics {
  const requests = metrics.counter({
    name: "requests_total",
    help: "Requests by method and status.",
    labels: ["method", "status"],
  });
  const replies = metrics.histogram({ name: "reply_seconds", help: "Time until replies begin." });
  return {
    observe(method = "", status, ms) {
      // Strangers choose methods, and each is kept.
      const known = ["GET", "HEAD", "OPTIONS"].includes(method) ? method : "other";
      requests.add({ method: known, status: String(status) });
      replies.observe(ms / 1000);
    },
  };
}
