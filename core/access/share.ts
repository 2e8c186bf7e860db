import { utf8 } from "../bytes/bytes.js";
import { compareTimestamps, isZeroTime, type Timestamp, timestampOfMillis } from "../bytes/timestamp.js";
import { withEntry } from "../crypto/encryption-store.js";
import { encryptPath } from "../crypto/path.js";
import { endsWithSlash, withoutTrailingSlash } from "../crypto/path-components.js";
import { PosternError } from "../errors.js";
import { type CaveatInit, restrictApiKey } from "./caveat.js";
import type { AccessGrant } from "./grant.js";
import { limitTo } from "./limit.js";

export { limitTo } from "./limit.js";

/** What a shared grant may do. All flags are false when absent. */
export interface Permission {
  readonly allowDownload?: boolean;
  readonly allowUpload?: boolean;
  readonly allowList?: boolean;
  readonly allowDelete?: boolean;
  /** Deprecated; only the flags below govern what satellites check today. */
  readonly allowLock?: boolean;
  readonly allowPutObjectRetention?: boolean;
  readonly allowGetObjectRetention?: boolean;
  readonly allowPutObjectLegalHold?: boolean;
  readonly allowGetObjectLegalHold?: boolean;
  readonly allowBypassGovernanceRetention?: boolean;
  readonly allowPutBucketObjectLockConfiguration?: boolean;
  readonly allowGetBucketObjectLockConfiguration?: boolean;
  readonly allowPutBucketNotificationConfiguration?: boolean;
  readonly allowGetBucketNotificationConfiguration?: boolean;
  /** Always valid when absent. */
  readonly notBefore?: Date | Timestamp;
  readonly notAfter?: Date | Timestamp;
  /** Milliseconds that new objects may live at most; for ever when absent. */
  readonly maxObjectTtlMs?: number;
}

/** Part of a project to share; text is taken as UTF-8. */
export interface SharePrefix {
  readonly bucket: string | Uint8Array;
  /** Plain key prefix; one slash at its end is dropped. The whole bucket when absent or empty. */
  readonly prefix?: string | Uint8Array;
}

/**
 * Makes a grant that may do less (storj/common grant/restrict.go). Without prefixes it keeps all places of the parent.
 * `invalid-argument` for an empty permission or an impossible time, `permission-denied` for a place without a key.
 * @param nonce of the caveat; 4 random bytes when absent
 */
export function shareGrant(
  grant: AccessGrant,
  permission: Permission,
  prefixes: readonly SharePrefix[] = [],
  nonce?: Uint8Array,
): AccessGrant {
  const caveat: CaveatInit = {
    ...restrictionsOf(permission),
    allowedPaths: prefixes.map(({ bucket, prefix }) => ({
      bucket: bytesOf(bucket),
      encryptedPathPrefix: encryptPath(grant.encryption, bytesOf(bucket), withoutTrailingSlash(bytesOf(prefix ?? ""))),
    })),
  };
  const apiKey = restrictApiKey(grant.apiKey, nonce === undefined ? caveat : { ...caveat, nonce });
  return { satelliteAddress: grant.satelliteAddress, apiKey, encryption: limitTo(grant.encryption, apiKey) };
}

/**
 * Gives a prefix, which must end with a slash, a key of its own: for applications that keep several users apart in one
 * bucket (storj/uplink access.go OverrideEncryptionKey). The key has 32 bytes.
 */
export function overrideEncryptionKey(
  grant: AccessGrant,
  bucket: string | Uint8Array,
  prefix: string | Uint8Array,
  key: Uint8Array,
): AccessGrant {
  const bytes = bytesOf(prefix);
  if (!endsWithSlash(bytes)) throw new PosternError("invalid-argument", "prefix must end with a slash");
  const unencryptedPath = withoutTrailingSlash(bytes);
  const entry = {
    bucket: bytesOf(bucket),
    unencryptedPath,
    encryptedPath: encryptPath(grant.encryption, bytesOf(bucket), unencryptedPath),
    key,
    pathCipher: grant.encryption.defaultPathCipher,
  };
  return { ...grant, encryption: withEntry(grant.encryption, entry) };
}

function restrictionsOf(permission: Permission): CaveatInit {
  const { notBefore, notAfter, maxObjectTtlMs, ...flags } = permission;
  const [from, until] = [timeOf(notBefore), timeOf(notAfter)];
  const allowsSomething = Object.values(flags).some((flag) => flag);
  if (!allowsSomething && from === undefined && until === undefined && maxObjectTtlMs === undefined) {
    throw new PosternError("invalid-argument", "permission is empty");
  }
  if (from !== undefined && until !== undefined && compareTimestamps(until, from) < 0) {
    throw new PosternError("invalid-argument", "invalid time range");
  }
  if (maxObjectTtlMs !== undefined && !(maxObjectTtlMs > 0)) {
    throw new PosternError("invalid-argument", "time to live of objects must be positive");
  }
  return {
    disallowReads: !flags.allowDownload,
    disallowWrites: !flags.allowUpload,
    disallowLists: !flags.allowList,
    disallowDeletes: !flags.allowDelete,
    disallowLocks: !flags.allowLock,
    disallowPutRetention: !flags.allowPutObjectRetention,
    disallowGetRetention: !flags.allowGetObjectRetention,
    disallowPutLegalHold: !flags.allowPutObjectLegalHold,
    disallowGetLegalHold: !flags.allowGetObjectLegalHold,
    disallowBypassGovernanceRetention: !flags.allowBypassGovernanceRetention,
    disallowPutBucketObjectLockConfiguration: !flags.allowPutBucketObjectLockConfiguration,
    disallowGetBucketObjectLockConfiguration: !flags.allowGetBucketObjectLockConfiguration,
    disallowPutBucketNotificationConfiguration: !flags.allowPutBucketNotificationConfiguration,
    disallowGetBucketNotificationConfiguration: !flags.allowGetBucketNotificationConfiguration,
    notBefore: from,
    notAfter: until,
    maxObjectTtl: maxObjectTtlMs === undefined ? undefined : timestampOfMillis(maxObjectTtlMs),
  };
}

function timeOf(time: Date | Timestamp | undefined): Timestamp | undefined {
  const exact = time instanceof Date ? timestampOfMillis(time.getTime()) : time;
  return isZeroTime(exact) ? undefined : exact;
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? utf8(text) : text;
}
