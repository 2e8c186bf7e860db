import type { ServerResponse } from "node:http";
import { type Listening, listen } from "../http/index.js";
import type { MetricsRegistry } from "./metrics.js";

export interface Health {
  /** Whether everything that is needed works; what it depends on by name, with "ok" or what is wrong. */
  check(): Promise<{ readonly ok: boolean; readonly parts: Readonly<Record<string, string>> }>;
  readonly stopping: () => boolean;
}

/**
 * GET /health/live, /health/ready and /metrics, on a port of its own that strangers need not reach. `live` is 200 while
 * the process serves at all; `ready` is 503 when traffic should go elsewhere, with the reasons as JSON.
 */
export function listenAdmin(
  where: { readonly host: string; readonly port: number },
  health: Health,
  metrics: MetricsRegistry,
): Promise<Listening> {
  async function answer(path: string, res: ServerResponse): Promise<void> {
    if (path === "/health/live") return send(res, health.stopping() ? 503 : 200, "text/plain", "");
    if (path === "/health/ready") {
      const { ok, parts } = await health.check();
      return send(res, ok ? 200 : 503, "application/json", `${JSON.stringify({ ready: ok, parts })}\n`);
    }
    if (path === "/metrics") return send(res, 200, metrics.contentType, await metrics.text());
    send(res, 404, "text/plain", "");
  }
  return listen(
    (req, res) => {
      req.resume();
      if (req.method !== "GET" && req.method !== "HEAD") {
        res.setHeader("Allow", "GET, HEAD");
        send(res, 405, "text/plain", "");
        return;
      }
      answer(req.url ?? "", res).catch(() => send(res, 500, "text/plain", ""));
    },
    {
      ...where,
      maxConnections: 100,
      maxHeaderBytes: 16_384,
      headersTimeoutMs: 10_000,
      keepAliveMs: 65_000,
      highWaterMark: 16_384,
    },
  );
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
}
