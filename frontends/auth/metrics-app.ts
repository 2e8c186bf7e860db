import type { RequestListener } from "node:http";
import { type Listening, listen } from "../http/index.js";
import type { AuthMetrics } from "./metrics.js";

/** Scrapers are few, and one that forgets its connections must not keep out the others. */
const few = { maxConnections: 100, maxConnectionsPerClient: 50, highWaterMark: 16_384 };

type Text = Pick<AuthMetrics, "text" | "contentType">;

/**
 * GET /metrics, on a port of its own that strangers need not reach. In clear: it is for the neighbourhood, whose scrapers
 * know no certificates.
 */
export function listenMetrics(metrics: Text, at: { readonly host: string; readonly port: number }): Promise<Listening> {
  return listen(metricsApp(metrics), { ...at, ...few });
}

function metricsApp(metrics: Text): RequestListener {
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
