import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { Retention as RetentionMessage } from "../../../proto/gen/metainfo.js";
import { Action, type Caller } from "../access/caller.js";
import { type BucketRecord, BucketVersioning } from "../data/buckets.js";
import type { Retention } from "../data/object-record.js";
import { RetentionMode } from "../data/retention-mode.js";
import { type Micros, microsOfTimestamp } from "../data/times.js";

export interface LockRequest {
  readonly retention: RetentionMessage | undefined;
  readonly legalHold: boolean;
}

/** Who asks for a lock needs the permission for it. */
export async function requireLockPermissions(
  caller: Caller,
  request: LockRequest,
  at: { bucket: Uint8Array; path: Uint8Array },
): Promise<void> {
  if (request.retention !== undefined) await caller.require({ op: Action.PutObjectRetention, ...at });
  if (request.legalHold) await caller.require({ op: Action.PutObjectLegalHold, ...at });
}

/** Objects can be locked in buckets with Object Lock only, and these keep versions. */
export function checkBucketLock(bucket: BucketRecord, request: LockRequest): void {
  if (request.retention === undefined && !request.legalHold) return;
  if (bucket.objectLockEnabled !== 0 && bucket.versioning === BucketVersioning.Enabled) return;
  throw rpcError(
    RpcStatus.ObjectLockBucketRetentionConfigurationMissing,
    "cannot specify Object Lock settings when uploading into a bucket without Object Lock enabled",
  );
}

export const noRetention: Retention = { mode: RetentionMode.None, retainUntil: null };

export function retentionOf(message: RetentionMessage | undefined): Retention {
  return message === undefined
    ? noRetention
    : { mode: message.mode, retainUntil: microsOfTimestamp(message.retainUntil) };
}

/** Whether new objects of the bucket are retained without being asked for. */
export function hasDefaultRetention(bucket: BucketRecord): boolean {
  return bucket.objectLockEnabled !== 0 && bucket.defaultRetentionMode !== RetentionMode.None;
}

/** What a new object gets: the retention asked for, or else the bucket's. */
export function newRetention(bucket: BucketRecord, request: LockRequest, now: Micros): Retention {
  if (request.retention !== undefined || !hasDefaultRetention(bucket)) return retentionOf(request.retention);
  return { mode: bucket.defaultRetentionMode, retainUntil: defaultRetainUntil(bucket, now) };
}

/** Days and years of the calendar, in UTC, as Go's time.AddDate counts them. */
function defaultRetainUntil({ defaultRetentionDays, defaultRetentionYears }: BucketRecord, now: Micros): Micros {
  const until = new Date(Math.floor(now / 1000));
  if (defaultRetentionDays) until.setUTCDate(until.getUTCDate() + defaultRetentionDays);
  else until.setUTCFullYear(until.getUTCFullYear() + (defaultRetentionYears ?? 0));
  return until.getTime() * 1000 + (now % 1000);
}
