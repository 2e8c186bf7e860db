import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { AccessKeys, Logger } from "../frontend.js";
import { clientAddress, readSmallBody, settleBody } from "../http/index.js";
import { tokenCheck } from "./gateway-tokens.js";
import { parseRegistration } from "./registration.js";
import { pathOf } from "./request-path.js";
import { registerAnswer, resolveAnswer } from "./service-errors.js";

export interface AuthHttpOptions {
  readonly access: AccessKeys;
  /** Tokens of gateways that may exchange access keys for grants; with none, everybody may (as in the Go service). */
  readonly tokens: readonly string[];
  /** Longest body of a registration, in bytes. */
  readonly maxBodySize: number;
  /** Longest wait for more of a body, in ms. */
  readonly idleMs: number;
  /** Milliseconds that a client at this IP address has to wait, or 0. */
  readonly take: (address: string) => number;
  /** Proxies in front whose X-Forwarded-For is believed. */
  readonly trustedProxies: number;
  /** True once everything listens. */
  readonly started: () => boolean;
  /** False while the service shuts down. */
  readonly live: () => boolean;
  readonly log: Logger;
}

/** How long an answer of the database to a health check is good for. */
const pingMs = 250;

const corsHeaders: Headers = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers":
    "Content-Type, Accept, Accept-Language, Content-Language, Content-Length, Accept-Encoding",
};

type Headers = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Headers;
}

type Handler = (req: IncomingMessage, res: ServerResponse) => Answer | Promise<Answer>;

/**
 * The HTTP API of Storj's auth service. Source: storj/edge pkg/auth/httpauth/resources.go. A handler of five routes
 * without a framework, which would take a third of the time of a request here.
 */
export function authHttpApp(options: AuthHttpOptions): RequestListener {
  const { access, log } = options;
  const isToken = tokenCheck(options.tokens);
  const reachable = pinger(access);

  const register: Handler = async (req, res) => {
    const wait = limited(req);
    if (wait !== undefined) return { ...wait, headers: { ...wait.headers, ...corsHeaders } };
    try {
      const body = await readSmallBody(req, res, options.maxBodySize, options.idleMs);
      if (body === undefined) return told(413, `the request is larger than ${options.maxBodySize} bytes`, corsHeaders);
      const request = parseRegistration(body);
      if (request === undefined) {
        return told(422, 'the body is not JSON of the form {"access_grant": "...", "public": false}', corsHeaders);
      }
      const issued = await access.register(request);
      const { accessKeyId: access_key_id, secretKey: secret_key, endpoint } = issued;
      return json({ access_key_id, secret_key, endpoint }, corsHeaders);
    } catch (error) {
      return refused("/v1/access", registerAnswer(error), error, corsHeaders);
    }
  };

  const lookUp = async (req: IncomingMessage, id: string): Promise<Answer> => {
    const isGateway = options.tokens.length > 0 && isToken(req.headers.authorization ?? "");
    const wait = isGateway ? undefined : limited(req);
    if (wait !== undefined) return wait;
    if (!isGateway && options.tokens.length > 0) return told(401, "unauthorized");
    try {
      const found = await access.resolve(id);
      return json({
        access_grant: found.accessGrant,
        secret_key: found.secretKey,
        public: found.public,
        public_project_id: found.publicProjectId === undefined ? undefined : uuidText(found.publicProjectId),
        usage_tags: found.usageTags.length === 0 ? undefined : found.usageTags,
        project_created_at:
          found.projectCreatedAt === undefined ? undefined : new Date(found.projectCreatedAt).toISOString(),
      });
    } catch (error) {
      return refused("/v1/access/:id", resolveAnswer(error, !isGateway), error);
    }
  };

  const startup: Handler = () => ({ status: options.started() ? 200 : 503 });
  const live: Handler = async () => ({
    status: options.started() && options.live() && (await reachable()) ? 200 : 503,
  });
  const preflight: Handler = () => ({ status: 200, headers: corsHeaders });

  const routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
    "/v1/access": { POST: register, OPTIONS: preflight },
    "/v1/health/startup": { GET: startup, HEAD: startup },
    "/v1/health/live": { GET: live, HEAD: live },
  };

  async function answer(req: IncomingMessage, res: ServerResponse, path: string | undefined): Promise<Answer> {
    if (path === undefined) return told(400, "the path is not percent-coded as RFC 3986 has it");
    const method = req.method ?? "";
    // Exactly one component; an empty one is no access key id.
    const id = /^\/v1\/access\/([^/]*)$/.exec(path)?.[1];
    if (id !== undefined) {
      return method === "GET" || method === "HEAD" ? lookUp(req, id) : notAllowed(["GET", "HEAD"]);
    }
    const route = Object.hasOwn(routes, path) ? routes[path]! : undefined;
    if (route === undefined) return told(404, "not found");
    return Object.hasOwn(route, method) ? route[method]!(req, res) : notAllowed(Object.keys(route));
  }

  function limited(req: IncomingMessage): Answer | undefined {
    const wait = options.take(clientAddress(req, options.trustedProxies));
    if (wait === 0) return undefined;
    return told(429, "too many requests", { "Retry-After": String(Math.ceil(wait / 1_000)) });
  }

  function refused(
    path: string,
    { status, text }: { readonly status: number; readonly text: string },
    error: unknown,
    headers?: Headers,
  ): Answer {
    // The error's own text may come from anywhere; its class is enough to find it.
    if (status >= 500) log.error({ path, code: codeOf(error) }, "auth request failed");
    return told(status, text, headers);
  }

  /** Neither the path, which may have an access key id in it, nor anything else that the client wrote but its method. */
  function tell(req: IncomingMessage, path: string, status: number, began: number): void {
    const known = Object.hasOwn(routes, path) ? path : path.startsWith("/v1/access/") ? "/v1/access/:id" : "other";
    const ms = Math.round(performance.now() - began);
    log.debug({ method: req.method, path: known, status, ms, client: clientOf(req) }, "auth request");
  }

  function clientOf(req: IncomingMessage): string {
    const address = clientAddress(req, options.trustedProxies);
    return isIP(address) === 0 ? "no address" : address;
  }

  return (req, res) => {
    const began = performance.now();
    const path = pathOf(req.url ?? "");
    answer(req, res, path)
      .catch((error: unknown) => {
        log.error({ code: codeOf(error) }, "auth request failed");
        return told(500, "");
      })
      .then(({ status, body = "", headers }) => {
        if (!req.complete) res.once("finish", () => settleBody(req, { maxBytes: 65_536, maxMs: 2_000 }));
        res.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
        res.end(body);
        tell(req, path ?? "", status, began);
      });
  };
}

function json(value: object, headers?: Headers): Answer {
  return {
    status: 200,
    body: `${JSON.stringify(value)}\n`,
    headers: { ...headers, "Content-Type": "application/json" },
  };
}

function told(status: number, text: string, headers?: Headers): Answer {
  return {
    status,
    body: text === "" ? "" : `${text}\n`,
    headers: { ...headers, "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
  };
}

function notAllowed(methods: readonly string[]): Answer {
  return told(405, "method not allowed", { Allow: methods.join(", ") });
}

/** Whoever asks, the database is asked once at a time, and so often a second as probes have any use of. */
function pinger(access: AccessKeys): () => Promise<boolean> {
  let last: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at > pingMs) {
      // That it can not be reached is the answer.
      const answer = access.ping().then(
        () => true,
        () => false,
      );
      last = { at: now, answer };
    }
    return last.answer;
  };
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
