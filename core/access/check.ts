import { compareBytes, equalBytes, startsWithBytes, timingSafeEqualBytes, toHex } from "../bytes/bytes.js";
import { compareTimestamps, isZeroTime, type Timestamp, timestampOfMillis } from "../bytes/timestamp.js";
import { isPosternError } from "../errors.js";
import type { ApiKey } from "./api-key.js";
import { type Caveat, caveatsOf, decodeCaveat } from "./caveat.js";
import { tailsOf } from "./macaroon.js";

/** Operations that a key may allow (storj/common macaroon/apikey.go ActionType). */
export const Action = {
  Read: 1,
  Write: 2,
  List: 3,
  Delete: 4,
  ProjectInfo: 5,
  /** Deprecated; no current call asks for it. */
  Lock: 6,
  PutObjectRetention: 7,
  GetObjectRetention: 8,
  PutObjectLegalHold: 9,
  GetObjectLegalHold: 10,
  BypassGovernanceRetention: 11,
  PutBucketObjectLockConfiguration: 12,
  GetBucketObjectLockConfiguration: 13,
  PutBucketNotificationConfiguration: 14,
  GetBucketNotificationConfiguration: 15,
} as const;

/** Bits of a key's version, a column of the satellite's table of keys. */
export const KeyVersion = { Minimum: 0, ObjectLock: 1, Auditable: 2, Eventing: 4 } as const;

export interface KeyAction {
  readonly op: number;
  /** Empty for all buckets. */
  readonly bucket?: Uint8Array;
  /** Empty for the bucket. */
  readonly encryptedPath?: Uint8Array;
  /** Now, as Date, as milliseconds since 1970 or exactly. */
  readonly time: Date | number | Timestamp | undefined;
}

/**
 * `invalid`: not made from this secret; `error`: no time given; `unauthorized`: the version or a caveat forbids it;
 * `format`: a caveat that does not decode; `revoked`.
 */
export type CheckResult = "ok" | "invalid" | "error" | "unauthorized" | "format" | "revoked";

/** Tells which of a key's tails is revoked, if any is. What it throws comes out of the check. */
export type RevocationCheck = (tails: readonly Uint8Array[]) => boolean | Promise<boolean>;

/** Whether a key allows an action; tests in the order of Go's APIKey.Check. */
export async function checkApiKey(
  key: ApiKey,
  secret: Uint8Array,
  keyVersion: number,
  action: KeyAction,
  revoked?: RevocationCheck,
): Promise<CheckResult> {
  const tails = tailsOf(key, secret);
  if (!timingSafeEqualBytes(tails.at(-1)!, key.tail)) return "invalid";
  const time = exactTime(action.time);
  if (time === undefined || isZeroTime(time)) return "error";
  if (!versionAllows(keyVersion, action.op)) return "unauthorized";
  for (const bytes of key.caveats) {
    let caveat: Caveat;
    try {
      caveat = decodeCaveat(bytes);
    } catch (error) {
      if (isPosternError(error, "invalid-argument")) return "format";
      throw error;
    }
    if (!caveatAllows(caveat, action, time)) return "unauthorized";
  }
  if (revoked !== undefined && (await revoked(tails))) return "revoked";
  return "ok";
}

/** Buckets that a key may see: all, or those that every caveat with paths names. */
export interface AllowedBuckets {
  readonly all: boolean;
  /** In byte order; empty when `all`. */
  readonly buckets: readonly Uint8Array[];
}

/**
 * Buckets to show to the holder of a key that was checked for `action`. Undefined when a caveat forbids the action;
 * `invalid-argument` when one does not decode.
 */
export function allowedBuckets(key: ApiKey, action: KeyAction): AllowedBuckets | undefined {
  const time = exactTime(action.time) ?? { seconds: 0, nanos: 0 };
  let allowed: Map<string, Uint8Array> | undefined;
  for (const caveat of caveatsOf(key)) {
    if (!caveatAllows(caveat, action, time)) return undefined;
    if (caveat.allowedPaths.length === 0) continue;
    const named = new Map(caveat.allowedPaths.map(({ bucket }) => [toHex(bucket), bucket]));
    allowed = allowed === undefined ? named : new Map([...allowed].filter(([hex]) => named.has(hex)));
  }
  return { all: allowed === undefined, buckets: [...(allowed?.values() ?? [])].sort(compareBytes) };
}

const maxInt64 = 2n ** 63n - 1n;

/**
 * The shortest time to live that caveats set for new objects, in nanoseconds and within an int64 as in Go; undefined
 * when none does. `invalid-argument` when a caveat does not decode.
 */
export function maxObjectTtl(key: ApiKey): bigint | undefined {
  let shortest: bigint | undefined;
  for (const { maxObjectTtl: ttl } of caveatsOf(key)) {
    if (ttl === undefined) continue;
    let nanos = BigInt(ttl.seconds) * 1_000_000_000n + BigInt(ttl.nanos);
    if (nanos > maxInt64) nanos = maxInt64;
    if (nanos < -maxInt64 - 1n) nanos = -maxInt64 - 1n;
    if (shortest === undefined || nanos < shortest) shortest = nanos;
  }
  return shortest;
}

function exactTime(time: KeyAction["time"]): Timestamp | undefined {
  if (typeof time === "number") return timestampOfMillis(time);
  return time instanceof Date ? timestampOfMillis(time.getTime()) : time;
}

function versionAllows(version: number, op: number): boolean {
  if (op >= Action.Lock && op <= Action.GetBucketObjectLockConfiguration) {
    return (version & KeyVersion.ObjectLock) !== 0;
  }
  if (op === Action.PutBucketNotificationConfiguration || op === Action.GetBucketNotificationConfiguration) {
    return (version & KeyVersion.Eventing) !== 0;
  }
  return true;
}

function caveatAllows(caveat: Caveat, action: KeyAction, time: Timestamp): boolean {
  const { op, bucket = new Uint8Array(0), encryptedPath = new Uint8Array(0) } = action;
  if (caveat.notAfter !== undefined && compareTimestamps(time, caveat.notAfter) > 0) return false;
  if (caveat.notBefore !== undefined && compareTimestamps(time, caveat.notBefore) < 0) return false;

  const paths = caveat.allowedPaths;
  // Metadata of buckets may be read in spite of disallow_reads; the list of buckets is filtered by `allowedBuckets`.
  if (op === Action.Read && encryptedPath.length === 0) {
    return paths.length === 0 || bucket.length === 0 || paths.some((path) => equalBytes(path.bucket, bucket));
  }
  if (!flagsAllow(caveat, op)) return false;
  if (paths.length === 0 || op === Action.ProjectInfo) return true;
  // Raw bytes: a prefix need not end where a component does.
  return paths.some(
    (path) => equalBytes(path.bucket, bucket) && startsWithBytes(encryptedPath, path.encryptedPathPrefix),
  );
}

function flagsAllow(caveat: Caveat, op: number): boolean {
  switch (op) {
    case Action.Read:
      return !caveat.disallowReads;
    case Action.Write:
      return !caveat.disallowWrites;
    case Action.List:
      return !caveat.disallowLists;
    case Action.Delete:
      return !caveat.disallowDeletes;
    case Action.ProjectInfo:
      return true;
    case Action.Lock:
      return !caveat.disallowLocks;
    case Action.PutObjectRetention:
      return !caveat.disallowPutRetention;
    case Action.GetObjectRetention:
      // Whoever may put may get; of all pairs this holds for retention only.
      return !(caveat.disallowPutRetention && caveat.disallowGetRetention);
    case Action.PutObjectLegalHold:
      return !caveat.disallowPutLegalHold;
    case Action.GetObjectLegalHold:
      return !caveat.disallowGetLegalHold;
    case Action.BypassGovernanceRetention:
      return !caveat.disallowBypassGovernanceRetention;
    case Action.PutBucketObjectLockConfiguration:
      return !caveat.disallowPutBucketObjectLockConfiguration;
    case Action.GetBucketObjectLockConfiguration:
      return !caveat.disallowGetBucketObjectLockConfiguration;
    case Action.PutBucketNotificationConfiguration:
      return !caveat.disallowPutBucketNotificationConfiguration;
    case Action.GetBucketNotificationConfiguration:
      return !caveat.disallowGetBucketNotificationConfiguration;
    default:
      return false;
  }
}
