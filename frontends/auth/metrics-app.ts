import type { RequestListener } from "node:http";
import type { AuthMetrics } from "./metrics.js";

/** GET /metrics, on a port of its own that strangers need not reach. */
export function metricsApp(metrics: AuthMetrics): RequestListener {
  return (req, res) => {
    req.resume();
    if (req.url !== "/metrics") {
      res.writeHead(404).end();
      return;
    }
    if (req.method !== "GET") {
      res.writeHead(405, { Allow: "GET" }).end();
      return;
    }
    metrics.text().then(
      (text) => res.writeHead(200, { "Content-Type": metrics.contentType }).end(text),
      () => res.writeHead(500).end(),
    );
  };
}
