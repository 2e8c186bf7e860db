import { maxObjectTtl } from "../../../core/access/check.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { BeginObjectRequest } from "../../../proto/gen/metainfo.js";
import { Action, type Caller } from "../access/caller.js";
import type { BucketRecord } from "../data/buckets.js";
import { invalidRequest } from "../data/errors.js";
import type { Encryption, Retention, UserData } from "../data/object-record.js";
import { type Micros, microsOfMillis, microsOfTimestamp } from "../data/times.js";
import { checkUserDataForBegin } from "../data/user-data.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checkChecksumForBegin } from "./checksums.js";
import { checkBucketLock, hasDefaultRetention, newRetention, requireLockPermissions } from "./object-lock-checks.js";
import { checkUserDataSize, userDataOf } from "./user-data-message.js";
import { checkBucketLength, checkRetention } from "./validate.js";

/** What a client asks for at the begin of an upload, checked. */
export interface BeginObjectTerms {
  readonly caller: Caller;
  readonly bucket: BucketRecord;
  readonly expiresAt: Micros | null;
  readonly encryption: Encryption;
  readonly userData: UserData;
  readonly retention: Retention;
}

/** The checks of BeginObject in the order of storj/storj satellite/metainfo/endpoint_object.go beginObject. */
export async function checkBeginObject(
  satellite: SatelliteParts,
  request: BeginObjectRequest,
): Promise<BeginObjectTerms> {
  checkBucketLength(request.bucket);
  checkRetention(request.retention, satellite.now());
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.Write, ...at });
  await requireLockPermissions(caller, request, at);

  const expiresAt = expirationOf(caller, request);
  const { limits } = satellite.config;
  if (request.encryptedObjectKey.length > limits.maxKeyLength) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `key length is too big, got ${request.encryptedObjectKey.length}, maximum allowed is ${limits.maxKeyLength}`,
    );
  }
  checkChecksumForBegin(satellite.config, request);
  const userData = userDataOf(request);
  checkUserDataSize(userData, limits);
  await satellite.usage.checkUpload(caller.project);
  satellite.uploads.take({ projectId: caller.project.id, bucket: request.bucket, key: request.encryptedObjectKey });

  const bucket = await satellite.buckets.get(caller.project.id, request.bucket);
  checkBucketLock(bucket, request);
  if (request.retention === undefined && hasDefaultRetention(bucket)) refuseExpiration(caller, request);
  if (request.encryptedObjectKey.length === 0) throw invalidRequest("ObjectKey missing");
  checkUserDataForBegin(userData);
  if (request.encryptionParameters === undefined) throw invalidRequest("Encryption is missing");
  return {
    caller,
    bucket,
    expiresAt,
    encryption: {
      cipher: request.encryptionParameters.cipherSuite,
      blockSize: request.encryptionParameters.blockSize,
    },
    userData,
    retention: newRetention(bucket, request, microsOfMillis(caller.time)),
  };
}

/** The time asked for, or the one that the API key imposes. */
function expirationOf(caller: Caller, request: BeginObjectRequest): Micros | null {
  const now = microsOfMillis(caller.time);
  const ttl = maxObjectTtl(caller.key);
  if (ttl !== undefined && ttl <= 0n) {
    throw rpcError(RpcStatus.InvalidArgument, `invalid MaxObjectTTL in API key: ${goDuration(ttl)}`);
  }
  const latest = ttl === undefined ? null : now + Number(ttl / 1000n);
  const asked = microsOfTimestamp(request.expiresAt);
  if (asked !== null) {
    if (asked < now) throw rpcError(RpcStatus.InvalidArgument, "invalid expiration time, cannot be in the past");
    if (latest !== null && asked > latest) {
      throw rpcError(RpcStatus.InvalidArgument, `invalid expiration time, cannot be longer than ${goDuration(ttl!)}`);
    }
  }
  if (request.retention !== undefined || request.legalHold) {
    if (latest !== null) {
      throw rpcError(
        RpcStatus.InvalidArgument,
        "cannot specify Object Lock settings when using an API key that enforces an object expiration time",
      );
    }
    if (asked !== null) {
      throw rpcError(RpcStatus.InvalidArgument, "cannot specify Object Lock settings and an object expiration time");
    }
  }
  return asked ?? latest;
}

/** What is to expire can not be retained by the bucket's default either. */
function refuseExpiration(caller: Caller, request: BeginObjectRequest): void {
  if (maxObjectTtl(caller.key) !== undefined) {
    throw rpcError(
      RpcStatus.ObjectLockUploadWithTTLAPIKeyAndDefaultRetention,
      "cannot upload into a bucket with default retention settings using an API key that enforces an object expiration time",
    );
  }
  if (microsOfTimestamp(request.expiresAt) !== null) {
    throw rpcError(
      RpcStatus.ObjectLockUploadWithTTLAndDefaultRetention,
      "cannot specify an object expiration time when uploading into a bucket with default retention settings",
    );
  }
}

/** Whole seconds as Go's time.Duration prints them: "1h30m0s", "45s". */
function goDuration(nanos: bigint): string {
  const total = Number(nanos) / 1e9;
  const sign = total < 0 ? "-" : "";
  const seconds = Math.abs(total);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${sign}${minutes}m${rest}` : `${sign}${rest}`;
}
