import { createHmac } from "node:crypto";
import { isPosternError, parseGrant } from "../../../core/index.js";
import type { AccessKeys, ResolvedAccess } from "../../frontend.js";
import { S3Error } from "../errors.js";
import { type Scope, scopeText, signingKey } from "./signature.js";

/** What an access key id stands for. Secret: never logged, never in error texts. */
export interface Access {
  readonly accessGrant: string;
  /** What limits tell projects apart by: the public id when it is known, else the head of the grant's macaroon. */
  readonly project: string;
  /** The signing key of the scope; that of the last scope is kept, as clients change it once a day. */
  signingKey(scope: Scope): Buffer;
  /** Base64 of the text's HMAC-SHA1: a Version 2 signature. */
  signV2(text: string): string;
}

export interface AccessCacheOptions {
  /** Most entries kept. */
  readonly entries: number;
  /** Time an entry is used, in ms: how late this gateway learns that a key was revoked in the auth service. */
  readonly ms: number;
  readonly now: () => number;
}

/**
 * Looks access keys up, remembering successes for a while. Requests that ask for the same key at once share one
 * look-up, so that it does not end with the first of them. Unknown keys are not remembered: somebody may be
 * registering them.
 */
export function createAccessCache(
  resolve: AccessKeys["resolve"],
  options: AccessCacheOptions,
): (accessKeyId: string) => Promise<Access> {
  const known = new Map<string, { access: Access; until: number }>();
  const underWay = new Map<string, Promise<Access>>();
  let sweeping = false;

  /** Secrets do not stay longer than they are used, also where nobody asks for them again. */
  const sweepLater = (): void => {
    if (sweeping || known.size === 0) return;
    sweeping = true;
    setTimeout(
      () => {
        sweeping = false;
        for (const [id, { until }] of known) if (until <= options.now()) known.delete(id);
        sweepLater();
      },
      Math.min(Math.max(options.ms, 10), 60_000),
    ).unref();
  };

  const lookUp = async (accessKeyId: string): Promise<Access> => {
    // Counted from before the question: the answer may be old when it comes.
    const until = options.now() + options.ms;
    try {
      const access = toAccess(await resolve(accessKeyId));
      known.set(accessKeyId, { access, until });
      if (known.size > options.entries) known.delete(known.keys().next().value!);
      sweepLater();
      return access;
    } catch (error) {
      // Malformed, unknown, expired and invalidated keys are one and the same to a stranger.
      if (isPosternError(error, "not-found", "invalid-argument", "permission-denied")) {
        throw new S3Error("InvalidAccessKeyId", { cause: error });
      }
      throw error;
    } finally {
      underWay.delete(accessKeyId);
    }
  };

  return async (accessKeyId) => {
    const entry = known.get(accessKeyId);
    if (entry !== undefined) {
      known.delete(accessKeyId);
      if (options.now() < entry.until) {
        known.set(accessKeyId, entry);
        return entry.access;
      }
    }
    let promise = underWay.get(accessKeyId);
    if (promise === undefined) {
      promise = lookUp(accessKeyId);
      underWay.set(accessKeyId, promise);
    }
    return promise;
  };
}

type Resolved = Pick<ResolvedAccess, "accessGrant" | "secretKey" | "publicProjectId">;

function toAccess(resolved: Resolved): Access {
  let last: { readonly scope: string; readonly key: Buffer } | undefined;
  return {
    accessGrant: resolved.accessGrant,
    project: projectOf(resolved),
    signingKey(scope) {
      const text = scopeText(scope);
      if (last?.scope !== text) last = { scope: text, key: signingKey(resolved.secretKey, scope) };
      return last.key;
    },
    signV2: (text) => createHmac("sha1", resolved.secretKey).update(text, "latin1").digest("base64"),
  };
}

function projectOf({ accessGrant, publicProjectId }: Resolved): string {
  if (publicProjectId !== undefined) return Buffer.from(publicProjectId).toString("hex");
  try {
    return Buffer.from(parseGrant(accessGrant).apiKey.head).toString("hex");
  } catch {
    // Opening the project will tell what is wrong with it.
    return accessGrant;
  }
}
