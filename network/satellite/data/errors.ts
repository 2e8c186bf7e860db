import type { PosternError } from "../../../core/errors.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";

// Statuses and texts are those of storj/storj satellite/metainfo/endpoint.go (ConvertKnownErrWithMessage) and of the
// error classes of satellite/metabase: clients look at some of them.

export function objectNotFound(detail = ""): PosternError {
  return rpcError(RpcStatus.NotFound, `object not found: ${detail}`);
}

export function segmentNotFound(): PosternError {
  return rpcError(RpcStatus.NotFound, "segment not found: segment missing");
}

export function pendingObjectMissing(): PosternError {
  return rpcError(RpcStatus.NotFound, "pending object missing");
}

export function bucketNotFound(bucket: Uint8Array): PosternError {
  const name = Buffer.from(bucket).toString("utf8");
  return rpcError(RpcStatus.NotFound, name === "" ? "bucket not found" : `bucket not found: ${name}`);
}

export function invalidRequest(detail: string): PosternError {
  return rpcError(RpcStatus.InvalidArgument, `metabase: invalid request: ${detail}`);
}

export function failedPrecondition(detail: string): PosternError {
  return rpcError(RpcStatus.FailedPrecondition, `metabase: failed precondition: ${detail}`);
}

export function permissionDenied(detail: string): PosternError {
  return rpcError(RpcStatus.PermissionDenied, `permission denied: ${detail}`);
}

export function notImplemented(detail: string): PosternError {
  return rpcError(RpcStatus.Unimplemented, `not implemented: ${detail}`);
}

export function objectProtected(): PosternError {
  return rpcError(RpcStatus.ObjectLockObjectProtected, "object is protected by Object Lock settings");
}

export function methodNotAllowed(): PosternError {
  return rpcError(RpcStatus.MethodNotAllowed, "method not allowed");
}

/** A lock would keep what the expiration date takes away. */
export function objectExpires(what = "an object with an expiration date"): PosternError {
  return rpcError(RpcStatus.InvalidArgument, `object expiration: Object Lock settings must not be placed on ${what}`);
}

export function checksumMissing(): PosternError {
  return rpcError(
    RpcStatus.ObjectMetadataMissing,
    "checksum missing: An encrypted checksum must be provided if the pending object's checksum algorithm is set",
  );
}
