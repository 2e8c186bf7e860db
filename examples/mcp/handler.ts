import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isPosternError, PosternError, type Project } from "postern";
import { createGate, type FrontendDeps, gatherBody, readBody, requestSignal, settleBody } from "postern/frontend";
import { createObjectServer } from "./server.js";

export interface McpOptions {
  readonly allowWrites: boolean;
  readonly maxReadBytes: number;
  readonly maxMessageBytes: number;
  readonly maxRequests: number;
  readonly origins: readonly string[];
}

/** A refusal by HTTP, before the protocol has a say. */
class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  constructor(status: number) {
    super(String(status));
    this.status = status;
  }
}

/** Each request stands for itself, with credentials of its own: any process can answer it, and none keeps anything. */
export function createHandler(deps: FrontendDeps, options: McpOptions): RequestListener {
  const gate = createGate(options.maxRequests);
  const requests = deps.metrics.counter({ name: "requests_total", help: "Requests by status", labels: ["status"] });

  async function run(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (new URL(req.url ?? "/", "http://here.invalid").pathname !== "/mcp") throw new Refusal(404);
    // Against pages that make a browser ask a server in the user's own network (transports, "Security Warning").
    const { origin } = req.headers;
    if (origin !== undefined && !options.origins.includes(origin)) throw new Refusal(403);
    if (req.method !== "POST") {
      res.setHeader("Allow", "POST");
      throw new Refusal(405);
    }
    const project = await logIn(deps, req.headers.authorization);
    const message = await messageOf(req, res, options.maxMessageBytes);
    const signal = requestSignal(res);
    const server = createObjectServer({ project, options, log: deps.log, signal });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    const closed = new Promise<void>((resolve) => {
      res.once("close", resolve);
    });
    try {
      await server.connect(transport);
      await transport.handleRequest(req, res, message);
      await closed;
    } finally {
      await server.close();
      await project.close();
    }
  }

  return (req, res) => {
    res.once("finish", () => settleBody(req));
    const leave = gate.enter();
    const handled = leave === undefined ? Promise.reject(new Refusal(503)) : run(req, res);
    handled
      .catch((error: unknown) => refuse(res, error, deps))
      .finally(() => {
        leave?.();
        requests.add({ status: String(res.statusCode) });
      });
  };
}

/** `Bearer ID:SECRET`, which clients have a field for, or `Basic` (RFC 7617). */
function logIn(deps: FrontendDeps, authorization = ""): Promise<Project> {
  const [, scheme = "", value = ""] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  const text = scheme.toLowerCase() === "basic" ? Buffer.from(value, "base64").toString("utf8") : value;
  const colon = text.indexOf(":");
  if (!/^(?:basic|bearer)$/i.test(scheme) || colon < 1) {
    throw new PosternError("unauthenticated", "credentials are needed");
  }
  return deps.openWithCredentials(text.slice(0, colon), text.slice(colon + 1));
}

async function messageOf(req: IncomingMessage, res: ServerResponse, limit: number): Promise<unknown> {
  const body = await gatherBody(readBody(req, res), limit);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // Its text is not for the log.
    throw new Refusal(400);
  }
}

function refuse(res: ServerResponse, error: unknown, { log }: FrontendDeps): void {
  const code = isPosternError(error) ? error.code : (error as Error)?.name;
  const status = error instanceof Refusal ? error.status : (statuses[code ?? ""] ?? 500);
  if (status === 500) log.error({ code }, "request failed");
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  if (status === 401) res.setHeader("WWW-Authenticate", 'Basic realm="Postern"');
  res.writeHead(status, { "Content-Length": 0 }).end();
}

const statuses: Readonly<Record<string, number>> = {
  unauthenticated: 401,
  "permission-denied": 403,
  "resource-exhausted": 413,
  "deadline-exceeded": 408,
  canceled: 499,
  unavailable: 503,
};
