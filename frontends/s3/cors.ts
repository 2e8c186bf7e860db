import type { IncomingMessage, ServerResponse } from "node:http";
import { isBucketName } from "./bucket-name.js";
import { S3Error } from "./errors.js";
import { type CorsRequest, corsHeaders, corsRuleFor } from "./settings/cors.js";
import { type CorsRule, sectionOf } from "./settings/sections.js";
import type { SettingsCache } from "./settings/settings-cache.js";

/**
 * The CORS rules of a bucket; undefined when it has none. Preflights are not signed, so that which of several buckets of
 * the name is meant is not known: what any allows is allowed. That gives nothing away but the answer to the preflight.
 */
export async function bucketCors(settings: SettingsCache, bucket: string): Promise<readonly CorsRule[] | undefined> {
  // No bucket has another name, and what strangers write is not looked up and remembered.
  if (!isBucketName(bucket)) return undefined;
  const rules = (await settings.find(bucket)).flatMap((entry) => sectionOf(entry, "cors") ?? []);
  return rules.length === 0 ? undefined : rules;
}

/**
 * Sets the reply's CORS headers and decides about preflights (https://fetch.spec.whatwg.org/#cors-preflight-request):
 * "go-on" when the request is none. A bucket without rules has the gateway's own: every request is signed or public and
 * no cookie means anything, so there is nothing that another page could borrow.
 */
export function applyCors(
  req: IncomingMessage,
  res: ServerResponse,
  rules: readonly CorsRule[] | undefined,
  origins: readonly string[],
): "go-on" | "answered" | S3Error {
  const asked = corsRequest(req);
  const preflight = req.method === "OPTIONS";
  if (asked === undefined) {
    if (!preflight) return "go-on";
    return new S3Error("BadRequest", { message: "Insufficient information. Origin request header needed." });
  }
  const effective = rules ?? [gatewayRule(origins)];
  const rule = corsRuleFor(effective, asked);
  if (rule === undefined) return preflight ? new S3Error("AccessForbidden") : "go-on";
  for (const [name, value] of Object.entries(corsHeaders(rule, asked, preflight))) res.setHeader(name, value);
  return preflight ? "answered" : "go-on";
}

function corsRequest(req: IncomingMessage): CorsRequest | undefined {
  const { origin } = req.headers;
  const wanted = req.headers["access-control-request-method"];
  const method = wanted ?? (req.method === "OPTIONS" ? undefined : req.method);
  if (origin === undefined || method === undefined) return undefined;
  const headers = (req.headers["access-control-request-headers"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return { origin, method, headers };
}

function gatewayRule(origins: readonly string[]): CorsRule {
  const methods = ["GET", "HEAD", "PUT", "POST", "DELETE"];
  return {
    origins: [...origins],
    methods,
    headers: ["*"],
    // "*" does not stand for Authorization; of reply headers it does, as nothing is sent with credentials.
    expose: ["*"],
    maxAge: 3600,
  };
}
