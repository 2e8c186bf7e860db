import { setTimeout as delay } from "node:timers/promises";
import { isPosternError, PosternError } from "../errors.js";
import { parseAccessKeyId } from "./access-key.js";
import type { AuthService, ResolvedGrant } from "./service.js";

export interface RemoteAccessOptions {
  /** Base URL of an auth service, ours or Storj's: "https://auth.example.com". */
  readonly url: string;
  /** Bearer token for look-ups. */
  readonly token: string;
  /** Longest wait for one answer, in ms; 10 000 when absent. */
  readonly timeoutMs?: number;
  /** Further attempts of a look-up after an answer 5xx or none; 3 when absent. */
  readonly retries?: number;
  /** Wait before the first further attempt, in ms; doubled each time. 100 when absent. */
  readonly backoffMs?: number;
}

const maxReplyBytes = 65_536;

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Access keys of another auth service over its HTTP API. Source: storj/edge pkg/authclient/authclient.go. */
export function createRemoteAccess(options: RemoteAccessOptions): AuthService {
  const { timeoutMs = 10_000, retries = 3, backoffMs = 100 } = options;
  const base = options.url.replace(/\/+$/, "");
  if (!/^https?:\/\//.test(base)) {
    throw new PosternError("invalid-argument", "an auth service has an http or https URL");
  }

  /** The token and keys must not follow a redirection to another place. */
  const call = async (path: string, init: RequestInit): Promise<Reply> => {
    try {
      const reply = await fetch(base + path, { ...init, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
      return { status: reply.status, text: await boundedText(reply) };
    } catch (error) {
      if (isPosternError(error)) throw error;
      throw new PosternError("unavailable", "the auth service can not be reached", { cause: error });
    }
  };

  const lookUp = async (accessKeyId: string): Promise<Reply> => {
    const init = { headers: { Authorization: `Bearer ${options.token}` } };
    for (let attempt = 0; ; attempt++) {
      try {
        const reply = await call(`/v1/access/${accessKeyId}`, init);
        if (reply.status < 500) return reply;
        throw new PosternError("unavailable", `the auth service answered ${reply.status}`);
      } catch (error) {
        if (attempt >= retries || !isPosternError(error, "unavailable")) throw error;
        await delay(backoffMs * 2 ** attempt);
      }
    }
  };

  return {
    async resolve(accessKeyId) {
      // Also what makes it fit for a path.
      parseAccessKeyId(accessKeyId);
      const { status, text } = await lookUp(accessKeyId);
      if (status === 200) return resolvedOf(text);
      if (status === 400) throw new PosternError("invalid-argument", "this is not an access key id");
      if (status === 401 && options.token !== "" && text.trim() === "unauthorized") {
        throw new PosternError("internal", "the auth service refuses this gateway's token");
      }
      // Storj's service on SQL puts its backend in front.
      if (status === 401 && /^(\w+: )?invalid: /.test(text)) throw new PosternError("permission-denied", text.trim());
      if (status === 401 || status === 404) throw new PosternError("not-found", "the access key id is unknown");
      throw new PosternError("internal", `the auth service answered ${status}`);
    },

    async register(request) {
      const body = JSON.stringify({
        access_grant: request.accessGrant,
        public: request.public,
        usage_tags: request.usageTags,
      });
      const { status, text } = await call("/v1/access", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
      });
      if (status === 400 || status === 413) throw new PosternError("invalid-grant", text.trim());
      if (status === 429) throw new PosternError("too-many-requests", "the auth service asks to wait");
      if (status !== 200) throw new PosternError("unavailable", `the auth service answered ${status}`);
      const reply = objectOf(text);
      return {
        accessKeyId: textField(reply, "access_key_id"),
        secretKey: textField(reply, "secret_key"),
        endpoint: textField(reply, "endpoint"),
      };
    },

    async ping() {
      const { status } = await call("/v1/health/live", {});
      if (status !== 200) throw new PosternError("unavailable", `the auth service answered ${status}`);
    },
  };
}

async function boundedText(reply: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of reply.body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > maxReplyBytes) throw new PosternError("protocol-error", "the auth service's answer is too long");
  }
  return Buffer.concat(parts).toString("utf8");
}

function resolvedOf(text: string): ResolvedGrant {
  const reply = objectOf(text);
  const tags = reply["usage_tags"];
  const projectId = reply["public_project_id"];
  const createdAt = Date.parse(String(reply["project_created_at"] ?? ""));
  return {
    accessGrant: textField(reply, "access_grant"),
    secretKey: textField(reply, "secret_key"),
    public: reply["public"] === true,
    usageTags: Array.isArray(tags) ? tags.map(String) : [],
    publicProjectId: typeof projectId === "string" ? Buffer.from(projectId.replaceAll("-", ""), "hex") : undefined,
    projectCreatedAt: Number.isNaN(createdAt) ? undefined : createdAt,
  };
}

/** A parser's error would quote the answer, which holds secrets; so it is not kept as a cause. */
function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {}
  throw new PosternError("protocol-error", "the auth service's answer is no JSON object");
}

function textField(reply: Record<string, unknown>, name: string): string {
  const value = reply[name];
  if (typeof value === "string") return value;
  throw new PosternError("protocol-error", `the auth service's answer lacks ${name}`);
}
