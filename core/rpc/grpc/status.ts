import { status as GrpcStatus, Metadata, type StatusObject } from "@grpc/grpc-js";
import type { PosternError } from "../../errors.js";
import { RpcStatus, rpcError } from "../status.js";

/** Trailer with Storj's own number, for which gRPC's sixteen are too few. */
const statusTrailer = "storj-status";

/** What fits a trailer block; the rest of a longer text is cut off. */
const maxTextLength = 4096;

/**
 * gRPC's number of each of Storj's. The two tables differ: 0, 1 and 2 mean other things, 17 and those from 10 000 are
 * not in gRPC's at all.
 */
const grpcOfStorj: ReadonlyMap<number, GrpcStatus> = new Map<number, GrpcStatus>([
  [RpcStatus.Unknown, GrpcStatus.UNKNOWN],
  [RpcStatus.OK, GrpcStatus.UNKNOWN], // An error that says it is none.
  [RpcStatus.Canceled, GrpcStatus.CANCELLED],
  [RpcStatus.InvalidArgument, GrpcStatus.INVALID_ARGUMENT],
  [RpcStatus.DeadlineExceeded, GrpcStatus.DEADLINE_EXCEEDED],
  [RpcStatus.NotFound, GrpcStatus.NOT_FOUND],
  [RpcStatus.AlreadyExists, GrpcStatus.ALREADY_EXISTS],
  [RpcStatus.PermissionDenied, GrpcStatus.PERMISSION_DENIED],
  [RpcStatus.ResourceExhausted, GrpcStatus.RESOURCE_EXHAUSTED],
  [RpcStatus.FailedPrecondition, GrpcStatus.FAILED_PRECONDITION],
  [RpcStatus.Aborted, GrpcStatus.ABORTED],
  [RpcStatus.OutOfRange, GrpcStatus.OUT_OF_RANGE],
  [RpcStatus.Unimplemented, GrpcStatus.UNIMPLEMENTED],
  [RpcStatus.Internal, GrpcStatus.INTERNAL],
  [RpcStatus.Unavailable, GrpcStatus.UNAVAILABLE],
  [RpcStatus.DataLoss, GrpcStatus.DATA_LOSS],
  [RpcStatus.Unauthenticated, GrpcStatus.UNAUTHENTICATED],
  [RpcStatus.MethodNotAllowed, GrpcStatus.FAILED_PRECONDITION],
  [RpcStatus.ObjectLockEndpointsDisabled, GrpcStatus.UNIMPLEMENTED],
  [RpcStatus.ObjectLockDisabledForProject, GrpcStatus.FAILED_PRECONDITION],
  [RpcStatus.ObjectLockInvalidBucketState, GrpcStatus.FAILED_PRECONDITION],
  [RpcStatus.ObjectLockBucketRetentionConfigurationMissing, GrpcStatus.NOT_FOUND],
  [RpcStatus.ObjectLockObjectRetentionConfigurationMissing, GrpcStatus.NOT_FOUND],
  [RpcStatus.ObjectLockObjectProtected, GrpcStatus.PERMISSION_DENIED],
  [RpcStatus.ObjectLockInvalidObjectState, GrpcStatus.FAILED_PRECONDITION],
  [RpcStatus.BucketNotFound, GrpcStatus.NOT_FOUND],
  [RpcStatus.TagsNotFound, GrpcStatus.NOT_FOUND],
]);

/** Numbers that the peer's gRPC library makes up itself, or a server that knows nothing of Storj's. */
const storjOfGrpc: ReadonlyMap<number, RpcStatus> = new Map<number, RpcStatus>([
  [GrpcStatus.OK, RpcStatus.OK],
  [GrpcStatus.CANCELLED, RpcStatus.Canceled],
  [GrpcStatus.UNKNOWN, RpcStatus.Unknown],
  [GrpcStatus.INVALID_ARGUMENT, RpcStatus.InvalidArgument],
  [GrpcStatus.DEADLINE_EXCEEDED, RpcStatus.DeadlineExceeded],
  [GrpcStatus.NOT_FOUND, RpcStatus.NotFound],
  [GrpcStatus.ALREADY_EXISTS, RpcStatus.AlreadyExists],
  [GrpcStatus.PERMISSION_DENIED, RpcStatus.PermissionDenied],
  [GrpcStatus.RESOURCE_EXHAUSTED, RpcStatus.ResourceExhausted],
  [GrpcStatus.FAILED_PRECONDITION, RpcStatus.FailedPrecondition],
  [GrpcStatus.ABORTED, RpcStatus.Aborted],
  [GrpcStatus.OUT_OF_RANGE, RpcStatus.OutOfRange],
  [GrpcStatus.UNIMPLEMENTED, RpcStatus.Unimplemented],
  [GrpcStatus.INTERNAL, RpcStatus.Internal],
  [GrpcStatus.UNAVAILABLE, RpcStatus.Unavailable],
  [GrpcStatus.DATA_LOSS, RpcStatus.DataLoss],
  [GrpcStatus.UNAUTHENTICATED, RpcStatus.Unauthenticated],
]);

/** Storj's statuses from 10 000 that are not in the table speak of what was asked for. */
export function grpcStatusOf(status: number): GrpcStatus {
  return grpcOfStorj.get(status) ?? (status >= 10_000 ? GrpcStatus.INVALID_ARGUMENT : GrpcStatus.UNKNOWN);
}

/** What a gRPC server answers for a status and text of Storj's. */
export function grpcStatusObject({ status, message }: { status: number; message: string }): StatusObject {
  const metadata = new Metadata();
  metadata.set(statusTrailer, String(status));
  // Through bytes: half a surrogate pair can not be sent.
  const details = Buffer.from(message.slice(0, maxTextLength)).toString();
  return { code: grpcStatusOf(status), details, metadata };
}

/** The error of a call that ended with a status other than OK. */
export function errorOfGrpcStatus({ code, details, metadata }: StatusObject): PosternError {
  const [own] = metadata.get(statusTrailer);
  if (typeof own === "string" && /^\d{1,15}$/.test(own)) return rpcError(Number(own), details);
  return rpcError(storjOfGrpc.get(code) ?? RpcStatus.Unknown, details);
}
