import { LRUCache } from "lru-cache";
import { type AccessGrant, isGrantText, isPosternError, parseGrant } from "../../../core/index.js";
import type { AccessKeys, ResolvedAccess } from "../../frontend.js";
import { accessDenied, LinkError, malformedRequest, toLinkError } from "../errors.js";
import type { LinkRequest } from "../request.js";
import { isSigned } from "./signed.js";

/** What opens a link. */
export interface LinkCredentials {
  readonly grantText: string;
  readonly grant: AccessGrant;
  /** Names the project for limits. */
  readonly project: string;
}

export interface CredentialsOptions {
  /** Most access keys remembered. */
  readonly entries: number;
  /** How long they are, in ms. */
  readonly ms: number;
  readonly now: () => number;
}

export interface LinkCredentialsFinder {
  /** Opens what a URL names: an access grant, or an access key id; the request may be signed. */
  ofRequest(access: string, request: LinkRequest): Promise<LinkCredentials>;
  /** The same for a site, which everybody may read. */
  ofSite(access: string): Promise<LinkCredentials>;
}

/** Auth services take no longer grants. */
const longestGrant = 4096;

/**
 * Fails with 401 for access keys that are unknown, expired or revoked, which are one and the same to a stranger; with 403
 * for those that are not public; with 400 for what is neither a grant nor an access key id.
 * Source: storj/edge sharing/access.go.
 */
export function createCredentials(access: AccessKeys, options: CredentialsOptions): LinkCredentialsFinder {
  const { entries, ms, now } = options;
  const known = new LRUCache<string, { readonly access: Promise<ResolvedAccess>; until: number }>({ max: entries });

  /** Requests that ask for the same key at once share one look-up; failures are not remembered. */
  const resolve = (accessKeyId: string): Promise<ResolvedAccess> => {
    const entry = known.get(accessKeyId);
    if (entry !== undefined && now() < entry.until) return entry.access;
    const asking = access.resolve(accessKeyId);
    const fresh = { access: asking, until: Number.POSITIVE_INFINITY };
    known.set(accessKeyId, fresh);
    asking.then(
      () => {
        fresh.until = now() + ms;
      },
      () => {
        if (known.peek(accessKeyId) === fresh) known.delete(accessKeyId);
      },
    );
    return asking;
  };

  const find = async (text: string, request: LinkRequest | undefined): Promise<LinkCredentials> => {
    if (text.length > longestGrant) throw new LinkError(400, malformedRequest);
    if (isGrantText(text)) return credentialsOf(text, undefined);
    const found = await resolve(text).catch((error: unknown) => {
      if (isPosternError(error, "not-found", "permission-denied"))
        throw new LinkError(401, accessDenied, { cause: error });
      // The service of access keys refusing us is no fault of the visitor.
      if (isPosternError(error, "unauthenticated")) throw new Error("the auth service refused the look-up");
      throw toLinkError(error);
    });
    if (!found.public && (request === undefined || !isSigned(request, found.secretKey, now()))) {
      throw new LinkError(403, accessDenied);
    }
    return credentialsOf(found.accessGrant, found.publicProjectId);
  };
  return { ofRequest: find, ofSite: (text) => find(text, undefined) };
}

function credentialsOf(grantText: string, publicProjectId: Uint8Array | undefined): LinkCredentials {
  try {
    const grant = parseGrant(grantText);
    const project = Buffer.from(publicProjectId ?? grant.apiKey.head).toString("hex");
    return { grantText, grant, project };
  } catch (cause) {
    throw new LinkError(400, malformedRequest, { cause });
  }
}
