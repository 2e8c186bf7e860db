import { createHash, timingSafeEqual } from "node:crypto";
import Router from "@koa/router";
import Koa, { type Context } from "koa";
import { z } from "zod";
import { isPosternError } from "../../core/index.js";
import type { AccessKeys, Logger } from "../frontend.js";
import { type BodyLimits, clientAddress, gatherBody, readBody, settleBody } from "../http/index.js";
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

/** A registration is a few hundred bytes: who needs longer for it is no client. */
const bodyLimits: Omit<BodyLimits, "idleMs"> = { minBytesPerSecond: 1_024, highWaterMark: 16_384 };

const registration = z.object({
  access_grant: z.string(),
  public: z.boolean().nullish(),
  usage_tags: z.array(z.string()).nullish(),
});

const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers":
    "Content-Type, Accept, Accept-Language, Content-Language, Content-Length, Accept-Encoding",
};

/** The HTTP API of Storj's auth service. Source: storj/edge pkg/auth/httpauth/resources.go. */
export function authHttpApp(options: AuthHttpOptions): Koa {
  const { access, log } = options;
  const router = new Router({ strict: true, sensitive: true });

  router.options("/v1/access", (ctx) => {
    ctx.set(corsHeaders);
    ctx.status = 200;
    ctx.body = "";
  });

  router.post("/v1/access", async (ctx) => {
    ctx.set(corsHeaders);
    if (limited(ctx)) return;
    try {
      const body = await smallBody(ctx, options);
      if (body === undefined) return answer(ctx, 413, `the request is larger than ${options.maxBodySize} bytes`);
      const request = parseRegistration(body);
      if (request === undefined) {
        return answer(ctx, 422, 'the body is not JSON of the form {"access_grant": "...", "public": false}');
      }
      const issued = await access.register({
        accessGrant: request.access_grant,
        public: request.public ?? false,
        usageTags: request.usage_tags ?? [],
      });
      json(ctx, { access_key_id: issued.accessKeyId, secret_key: issued.secretKey, endpoint: issued.endpoint });
    } catch (error) {
      refuse(ctx, registerAnswer(error), error);
    }
  });

  router.get("/v1/access/:id", async (ctx) => {
    const isGateway = options.tokens.length > 0 && authorized(ctx.get("Authorization"), options.tokens);
    if (!isGateway && limited(ctx)) return;
    if (!isGateway && options.tokens.length > 0) return answer(ctx, 401, "unauthorized");
    try {
      const found = await access.resolve(ctx.params["id"] ?? "");
      json(ctx, {
        access_grant: found.accessGrant,
        secret_key: found.secretKey,
        public: found.public,
        public_project_id: found.publicProjectId === undefined ? undefined : uuidText(found.publicProjectId),
        usage_tags: found.usageTags.length === 0 ? undefined : found.usageTags,
        project_created_at:
          found.projectCreatedAt === undefined ? undefined : new Date(found.projectCreatedAt).toISOString(),
      });
    } catch (error) {
      refuse(ctx, resolveAnswer(error, !isGateway), error);
    }
  });

  router.get("/v1/health/startup", (ctx) => {
    ctx.status = options.started() ? 200 : 503;
    ctx.body = "";
  });

  router.get("/v1/health/live", async (ctx) => {
    ctx.status = options.started() && options.live() && (await reachable(access)) ? 200 : 503;
    ctx.body = "";
  });

  function limited(ctx: Context): boolean {
    const wait = options.take(clientAddress(ctx.req, options.trustedProxies));
    if (wait === 0) return false;
    ctx.set("Retry-After", String(Math.ceil(wait / 1_000)));
    answer(ctx, 429, "too many requests");
    return true;
  }

  function refuse(ctx: Context, { status, text }: { status: number; text: string }, error: unknown): void {
    // The error's own text may come from anywhere; its class is enough to find it.
    if (status >= 500) log.error({ path: ctx.routerPath, code: codeOf(error) }, "auth request failed");
    answer(ctx, status, text);
  }

  const app = new Koa();
  // Koa prints errors with their texts; these are logged by code, and the client gets an empty answer.
  app.silent = true;
  app.on("error", (error: unknown) => log.error({ code: codeOf(error) }, "auth request failed"));
  app.use(async (ctx, next) => {
    ctx.res.once("finish", () => settleBody(ctx.req, { maxBytes: 65_536, maxMs: 2_000 }));
    await next();
  });
  // The router's types are of its own Koa; the shapes are the same.
  app.use(router.routes() as unknown as Koa.Middleware);
  app.use(router.allowedMethods() as unknown as Koa.Middleware);
  return app;
}

function parseRegistration(body: Buffer): z.infer<typeof registration> | undefined {
  try {
    return registration.safeParse(JSON.parse(body.toString("utf8"))).data;
  } catch {
    // Not JSON: the caller is told by a 422.
    return undefined;
  }
}

/** The whole body, or undefined when it is longer than `limit`. */
async function smallBody(ctx: Context, { maxBodySize: limit, idleMs }: AuthHttpOptions): Promise<Buffer | undefined> {
  if (Number(ctx.get("Content-Length") || 0) > limit) return undefined;
  try {
    return await gatherBody(readBody(ctx.req, ctx.res, { ...bodyLimits, idleMs }), limit);
  } catch (error) {
    if (isPosternError(error, "resource-exhausted")) return undefined;
    throw error;
  }
}

/** Compares with every token, and digests in place of texts, so that time tells nothing. */
function authorized(header: string, tokens: readonly string[]): boolean {
  const given = digest(header);
  let found = false;
  for (const token of tokens) found = timingSafeEqual(given, digest(`Bearer ${token}`)) || found;
  return found;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function reachable(access: AccessKeys): Promise<boolean> {
  try {
    await access.ping();
    return true;
  } catch {
    // That it can not be reached is the answer.
    return false;
  }
}

function json(ctx: Context, value: object): void {
  ctx.status = 200;
  ctx.body = `${JSON.stringify(value)}\n`;
  ctx.set("Content-Type", "application/json");
}

function answer(ctx: Context, status: number, text: string): void {
  ctx.status = status;
  ctx.type = "text/plain; charset=utf-8";
  ctx.set("X-Content-Type-Options", "nosniff");
  ctx.body = text === "" ? "" : `${text}\n`;
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
