import { type ApiKey, parseApiKeyBytes } from "../../../core/access/api-key.js";
import { Action, checkApiKey } from "../../../core/access/check.js";
import { toHex } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { RequestHeader } from "../../../proto/gen/metainfo.js";
import { type ApiKeyRecord, findApiKey } from "../data/api-keys.js";
import { findProject, type ProjectRecord } from "../data/projects.js";
import { anyRevoked } from "../data/revocations.js";
import type { Database } from "../db/queries.js";
import type { RateLimit } from "../options.js";
import { createCache } from "./cache.js";
import { createRateLimiter } from "./rate-limiter.js";

export { Action };

/** Something a caller wants to do: an action on a bucket, or on a key or prefix in it. */
export interface Permission {
  readonly op: number;
  readonly bucket?: Uint8Array;
  readonly path?: Uint8Array;
}

/** Who sent a request. */
export interface Caller {
  readonly project: ProjectRecord;
  readonly key: ApiKey;
  readonly record: ApiKeyRecord;
  /** When the request came, in milliseconds; the same for all checks of it. */
  readonly time: number;
  may(permission: Permission): Promise<boolean>;
  /** Status 7 unless all are allowed. */
  require(...permissions: readonly Permission[]): Promise<void>;
  /** Status 7 unless at least one is allowed. */
  requireAny(...permissions: readonly Permission[]): Promise<void>;
}

export interface Access {
  /**
   * Finds out whose request it is and counts it. `tolerant` requests are counted but never refused for their number:
   * they finish what was begun.
   */
  caller(header: RequestHeader | undefined, options?: { tolerant?: boolean }): Promise<Caller>;
  /** After a revocation. */
  forgetRevocations(): void;
}

/** How long a new or changed row may go unnoticed when another process made it. */
const cacheMs = 10_000;

export function unauthorized(): Error {
  return rpcError(RpcStatus.PermissionDenied, "Unauthorized API credentials");
}

/** Checks of API keys (storj/storj satellite/metainfo/validation.go). */
export function createAccess(db: Database, rateLimit: RateLimit | undefined, now: () => number): Access {
  const limiter = createRateLimiter(now);
  const keys = createCache<ApiKeyRecord>({ ttlMs: cacheMs, maxEntries: 1000, now });
  const projects = createCache<ProjectRecord>({ ttlMs: cacheMs, maxEntries: 1000, now });
  const revoked = createCache<boolean>({ ttlMs: cacheMs, maxEntries: 1000, now });

  async function findKey(head: Uint8Array): Promise<ApiKeyRecord> {
    const record = await findApiKey(db.read, head);
    if (record === undefined) throw unauthorized();
    return record;
  }

  async function loadProject(id: Uint8Array): Promise<ProjectRecord> {
    const project = await findProject(db.read, id);
    if (project === undefined) throw unauthorized();
    return project;
  }

  // A key is as revoked as its tails, which its last tail stands for.
  const isRevoked = (tails: readonly Uint8Array[]) =>
    revoked.get(toHex(tails.at(-1)!), () => anyRevoked(db.read, tails));

  return {
    async caller(header, options = {}) {
      const key = parseKey(header);
      const record = await keys.get(toHex(key.head), () => findKey(key.head));
      const projectText = toHex(record.projectId);
      const project = await projects.get(projectText, () => loadProject(record.projectId));
      const tolerant = options.tolerant ?? false;
      limiter.take(projectText, limitOf(project, rateLimit), tolerant);
      limiter.take(`key ${toHex(record.id)}`, limitOf(record, undefined), tolerant);

      const time = now();
      const may = async (permission: Permission) => {
        const action = { op: permission.op, bucket: permission.bucket, encryptedPath: permission.path, time };
        return (await checkApiKey(key, record.secret, record.version, action, isRevoked)) === "ok";
      };
      return {
        project,
        key,
        record,
        time,
        may,
        async require(...permissions) {
          for (const permission of permissions) if (!(await may(permission))) throw unauthorized();
        },
        async requireAny(...permissions) {
          for (const permission of permissions) if (await may(permission)) return;
          throw unauthorized();
        },
      };
    },
    forgetRevocations: () => revoked.clear(),
  };
}

function parseKey(header: RequestHeader | undefined): ApiKey {
  try {
    return parseApiKeyBytes(header?.apiKey ?? new Uint8Array(0));
  } catch {
    // Without the cause: it could describe the key.
    throw rpcError(RpcStatus.InvalidArgument, "Invalid API credentials");
  }
}

/** Limits of a project, or of a key. */
function limitOf(
  of: { rateLimit: number | null; burstLimit: number | null },
  fallback: RateLimit | undefined,
): RateLimit | undefined {
  const { rateLimit, burstLimit } = of;
  if (rateLimit === null && burstLimit === null) return fallback;
  const perSecond = rateLimit ?? fallback?.perSecond ?? burstLimit!;
  return { perSecond, burst: burstLimit ?? perSecond };
}
