import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { Retention } from "../../../proto/gen/metainfo.js";
import { microsOfMillis, microsOfTimestamp } from "../data/times.js";

const minBucketName = 3;
const maxBucketName = 63;

/** Text of a broken bucket name rule; undefined when the length is right. */
export function bucketLengthProblem(bucket: Uint8Array): string | undefined {
  if (bucket.length === 0) return "metainfo: no bucket specified";
  if (bucket.length < minBucketName || bucket.length > maxBucketName) {
    return `metainfo: The specified bucket name must be at least ${minBucketName} and no more than ${maxBucketName} characters long`;
  }
  return undefined;
}

/** The rules that every call with a bucket checks (storj/storj satellite/metainfo/validation.go). Status 3. */
export function checkBucketLength(bucket: Uint8Array): void {
  const problem = bucketLengthProblem(bucket);
  if (problem !== undefined) throw rpcError(RpcStatus.InvalidArgument, problem);
}

/** All rules, for new buckets: labels of lower-case letters, digits and hyphens, and no IP address. Status 3. */
export function checkBucketName(bucket: Uint8Array): void {
  checkBucketLength(bucket);
  const name = Buffer.from(bucket).toString("latin1");
  for (const label of name.split(".")) {
    if (label === "") throw badName("bucket label cannot be empty");
    if (!/^[a-z0-9]/.test(label)) throw badName("bucket label must start with a lowercase letter or number");
    if (!/[a-z0-9]$/.test(label)) throw badName("bucket label must end with a lowercase letter or number");
    if (/[^a-z0-9-]/.test(label)) {
      throw badName("bucket name must contain only lowercase letters, numbers or hyphens");
    }
  }
  if (ipAddress.test(name)) throw badName("bucket name cannot be formatted as an IP address");
}

const octet = "([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
const ipAddress = new RegExp(`^(${octet}\\.){3}${octet}$`);

function badName(text: string): Error {
  return rpcError(RpcStatus.InvalidArgument, `metainfo: ${text}`);
}

export function checkObjectVersion(version: Uint8Array): void {
  if (version.length !== 0 && version.length !== 16) {
    throw rpcError(RpcStatus.InvalidArgument, "metainfo: invalid object version length");
  }
}

export function checkRetention(retention: Retention | undefined, nowMs: number): void {
  if (retention === undefined) return;
  if (retention.mode !== 1 && retention.mode !== 2) {
    throw rpcError(RpcStatus.InvalidArgument, `invalid retention mode ${retention.mode}`);
  }
  const until = microsOfTimestamp(retention.retainUntil);
  if (until === null) {
    throw rpcError(RpcStatus.InvalidArgument, "retention period expiration time must be set if retention is set");
  }
  if (until < microsOfMillis(nowMs)) {
    throw rpcError(RpcStatus.InvalidArgument, "retention period expiration time must not be in the past");
  }
}
