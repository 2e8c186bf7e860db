import { expiryOf } from "../access/caveat.js";
import { type AccessGrant, parseGrantHead } from "../access/grant.js";
import { toHex } from "../bytes/bytes.js";
import { PosternError, toPosternError } from "../errors.js";
import {
  accessKeyIdText,
  keyHashOf,
  newAccessKey,
  newSecretKey,
  parseAccessKeyId,
  secretKeyText,
} from "./access-key.js";
import { refusedEvenly } from "./even-time.js";
import type { GrantStore, StoredGrantRecord } from "./grant-store.js";
import type { KnownProject } from "./project-lookup.js";
import type { RateLimiter } from "./rate-limit.js";
import { decryptSecrets, encryptSecrets } from "./record-cipher.js";
import { normalizeUsageTags } from "./usage-tags.js";

export interface AuthServiceDeps {
  readonly store: GrantStore;
  /** Whether grants of this satellite ("id@host:port") may be registered. */
  readonly allowSatellite: (satelliteAddress: string) => boolean | Promise<boolean>;
  /** S3 endpoint URL that is handed out with new credentials; a function where it is known only later. */
  readonly endpoint: string | (() => string);
  /** Asks which project a grant is of; never rejects. Nothing is known of projects when absent. */
  readonly lookUpProject?: (macaroonHead: Uint8Array, accessGrant: string) => Promise<KnownProject>;
  /** Registrations by project: its public id when that is known, else the macaroon head. Unlimited when absent. */
  readonly projectLimit?: Pick<RateLimiter, "take">;
  /** Longest access grant in bytes; 4 096 when absent. */
  readonly maxGrantSize?: number;
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

export interface RegisterRequest {
  readonly accessGrant: string;
  readonly public: boolean;
  readonly usageTags?: readonly string[];
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretKey: string;
  readonly endpoint: string;
}

export interface ResolvedGrant {
  readonly accessGrant: string;
  /** The text that signatures use. */
  readonly secretKey: string;
  readonly public: boolean;
  readonly usageTags: readonly string[];
  readonly publicProjectId: Uint8Array | undefined;
  readonly projectCreatedAt: number | undefined;
}

/** Turns access grants into S3 credentials and back. Source: storj/edge pkg/auth/authdb/db.go. */
export interface AuthService {
  /**
   * Rejects with `invalid-grant`, `invalid-argument` for a bad tag or a grant that is too long, or `too-many-requests`
   * for a project that registers too often.
   */
  register(request: RegisterRequest): Promise<Credentials>;
  /**
   * Rejects with `invalid-argument` for what is no access key id, `not-found` for unknown and expired ones, and
   * `permission-denied` with the reason for invalidated ones.
   */
  resolve(accessKeyId: string): Promise<ResolvedGrant>;
  /** Rejects with `unavailable` when the store can not be reached. */
  ping(): Promise<void>;
}

const minimumLifetimeMs = 60_000;
/** Longer than nearly every look-up takes, and nothing to who mistyped a key. */
const refusalStepMs = 10;

export function createAuthService(deps: AuthServiceDeps): AuthService {
  const now = deps.now ?? Date.now;
  const maxGrantSize = deps.maxGrantSize ?? 4096;

  const resolve = async (accessKeyId: string): Promise<ResolvedGrant> => {
    const accessKey = parseAccessKeyId(accessKeyId);
    const keyHash = keyHashOf(accessKey);
    const record = await deps.store.get(keyHash);
    if (record === undefined || isExpired(record, now())) {
      throw new PosternError("not-found", `not found: key hash: ${toHex(keyHash)}`);
    }
    if (record.invalidation !== undefined) {
      throw new PosternError("permission-denied", `invalid: ${record.invalidation.reason}`);
    }
    const { secretKey, accessGrant } = decryptSecrets(accessKey, record);
    const { public: isPublic, usageTags, publicProjectId, projectCreatedAt } = record;
    return {
      accessGrant,
      secretKey: secretKeyText(secretKey),
      public: isPublic,
      usageTags,
      publicProjectId,
      projectCreatedAt,
    };
  };

  return {
    async register(request) {
      const usageTags = normalizeUsageTags(request.usageTags ?? []);
      if (Buffer.byteLength(request.accessGrant) > maxGrantSize) {
        throw new PosternError("invalid-argument", "provided access grant is too large");
      }
      const grant = readGrant(request.accessGrant);
      if (!(await deps.allowSatellite(grant.satelliteAddress))) {
        const quoted = JSON.stringify(grant.satelliteAddress);
        throw new PosternError("invalid-grant", `access grant: disallowed satellite: ${quoted}`);
      }
      const expiresAt = expiryOf(grant.apiKey);
      if (expiresAt !== undefined && expiresAt < now() + minimumLifetimeMs) {
        throw new PosternError("invalid-grant", "access grant: expiration cannot be shorter than a minute");
      }
      const { head } = grant.apiKey;
      const project = await deps.lookUpProject?.(head, request.accessGrant);
      if ((deps.projectLimit?.take(toHex(project?.publicId ?? head)) ?? 0) > 0) {
        throw new PosternError("too-many-requests", "this project registers too many access grants");
      }
      const accessKey = newAccessKey();
      const secretKey = newSecretKey();
      await deps.store.put(keyHashOf(accessKey), {
        satelliteAddress: grant.satelliteAddress,
        macaroonHead: head,
        ...encryptSecrets(accessKey, secretKey, request.accessGrant),
        expiresAt,
        public: request.public,
        usageTags,
        publicProjectId: project?.publicId,
        projectCreatedAt: project?.createdAt,
      });
      return {
        accessKeyId: accessKeyIdText(accessKey),
        secretKey: secretKeyText(secretKey),
        endpoint: typeof deps.endpoint === "string" ? deps.endpoint : deps.endpoint(),
      };
    },

    resolve: (accessKeyId) => refusedEvenly(refusalStepMs, () => resolve(accessKeyId)),

    ping: () => deps.store.ping(),
  };
}

function readGrant(text: string): Pick<AccessGrant, "satelliteAddress" | "apiKey"> {
  try {
    return parseGrantHead(text);
  } catch (error) {
    const cause = toPosternError(error);
    throw new PosternError("invalid-grant", `access grant: ${cause.message}`, { cause });
  }
}

function isExpired(record: StoredGrantRecord, at: number): boolean {
  return record.expiresAt !== undefined && record.expiresAt <= at;
}
