import { type ErrorCode, PosternError } from "../errors.js";

/**
 * Status numbers of Storj's RPC. They are not gRPC's: 0, 1 and 2 differ (there OK, Canceled, Unknown).
 * Source: storj/common rpc/rpcstatus/status.go.
 */
export const RpcStatus = {
  Unknown: 0,
  OK: 1,
  Canceled: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
  MethodNotAllowed: 17,
  ObjectLockEndpointsDisabled: 10000,
  ObjectLockDisabledForProject: 10001,
  ObjectLockInvalidBucketState: 10002,
  ObjectLockBucketRetentionConfigurationMissing: 10003,
  ObjectLockObjectRetentionConfigurationMissing: 10004,
  ObjectLockObjectProtected: 10005,
  ObjectLockInvalidObjectState: 10006,
  ObjectLockInvalidBucketRetentionConfiguration: 10007,
  ObjectLockUploadWithTTL: 10008,
  ObjectLockUploadWithTTLAPIKey: 10009,
  ObjectLockUploadWithTTLAndDefaultRetention: 10010,
  ObjectLockUploadWithTTLAPIKeyAndDefaultRetention: 10011,
  PlacementInvalidValue: 10012,
  PlacementConflictingValues: 10013,
  BucketNameMissing: 10014,
  BucketNameInvalid: 10015,
  ObjectKeyMissing: 10016,
  ObjectKeyTooLong: 10017,
  ObjectVersionInvalid: 10018,
  BucketNotFound: 10019,
  DeleteObjectsNoItems: 10020,
  DeleteObjectsTooManyItems: 10021,
  TooManyTags: 10022,
  TagKeyInvalid: 10023,
  TagKeyDuplicate: 10024,
  TagValueInvalid: 10025,
  TagsNotFound: 10026,
  ChecksumsUnsupported: 10027,
  ChecksumAlgorithmInvalid: 10028,
  ChecksumTypeUnexpected: 10029,
  ChecksumMissing: 10030,
  ChecksumUnexpected: 10031,
  ObjectMetadataMissing: 10032,
  ObjectMetadataIncludesInvalid: 10033,
  InsufficientObjectMetadataIncludes: 10034,
  StreamIDInvalid: 10035,
} as const;

export type RpcStatus = number;

const codeOfStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [RpcStatus.Unknown, "unknown"],
  [RpcStatus.Canceled, "canceled"],
  [RpcStatus.InvalidArgument, "invalid-argument"],
  [RpcStatus.DeadlineExceeded, "deadline-exceeded"],
  [RpcStatus.NotFound, "not-found"],
  [RpcStatus.AlreadyExists, "already-exists"],
  [RpcStatus.PermissionDenied, "permission-denied"],
  [RpcStatus.ResourceExhausted, "resource-exhausted"],
  [RpcStatus.FailedPrecondition, "failed-precondition"],
  [RpcStatus.Aborted, "aborted"],
  [RpcStatus.OutOfRange, "out-of-range"],
  [RpcStatus.Unimplemented, "unimplemented"],
  [RpcStatus.Internal, "internal"],
  [RpcStatus.Unavailable, "unavailable"],
  [RpcStatus.DataLoss, "corrupt-data"],
  [RpcStatus.Unauthenticated, "unauthenticated"],
  [RpcStatus.MethodNotAllowed, "method-not-allowed"],
  [RpcStatus.ObjectLockEndpointsDisabled, "lock-not-enabled"],
  [RpcStatus.ObjectLockDisabledForProject, "lock-not-enabled"],
  [RpcStatus.ObjectLockInvalidBucketState, "lock-state-invalid"],
  [RpcStatus.ObjectLockBucketRetentionConfigurationMissing, "lock-not-enabled"],
  [RpcStatus.ObjectLockObjectRetentionConfigurationMissing, "retention-not-found"],
  [RpcStatus.ObjectLockObjectProtected, "object-protected"],
  [RpcStatus.ObjectLockInvalidObjectState, "lock-state-invalid"],
  [RpcStatus.ObjectLockInvalidBucketRetentionConfiguration, "lock-configuration-invalid"],
  [RpcStatus.ObjectLockUploadWithTTL, "lock-configuration-invalid"],
  [RpcStatus.ObjectLockUploadWithTTLAPIKey, "lock-configuration-invalid"],
  [RpcStatus.ObjectLockUploadWithTTLAndDefaultRetention, "lock-configuration-invalid"],
  [RpcStatus.ObjectLockUploadWithTTLAPIKeyAndDefaultRetention, "lock-configuration-invalid"],
  [RpcStatus.BucketNameMissing, "bucket-name-invalid"],
  [RpcStatus.BucketNameInvalid, "bucket-name-invalid"],
  [RpcStatus.ObjectKeyMissing, "object-key-invalid"],
  [RpcStatus.ObjectKeyTooLong, "object-key-invalid"],
  [RpcStatus.BucketNotFound, "bucket-not-found"],
  [RpcStatus.TooManyTags, "tag-invalid"],
  [RpcStatus.TagKeyInvalid, "tag-invalid"],
  [RpcStatus.TagKeyDuplicate, "tag-invalid"],
  [RpcStatus.TagValueInvalid, "tag-invalid"],
  [RpcStatus.TagsNotFound, "tags-not-found"],
]);

/** The general code of a status; callers who know the method refine it (core/metainfo/errors.ts). */
export function codeOfRpcStatus(status: number): ErrorCode {
  return codeOfStatus.get(status) ?? (status >= 10000 ? "invalid-argument" : "unknown");
}

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  "invalid-argument": RpcStatus.InvalidArgument,
  "invalid-grant": RpcStatus.InvalidArgument,
  "bucket-name-invalid": RpcStatus.InvalidArgument,
  "object-key-invalid": RpcStatus.InvalidArgument,
  unauthenticated: RpcStatus.Unauthenticated,
  "permission-denied": RpcStatus.PermissionDenied,
  "method-not-allowed": RpcStatus.MethodNotAllowed,
  "not-found": RpcStatus.NotFound,
  "bucket-not-found": RpcStatus.NotFound,
  "object-not-found": RpcStatus.NotFound,
  "upload-not-found": RpcStatus.NotFound,
  "already-exists": RpcStatus.AlreadyExists,
  "bucket-already-exists": RpcStatus.AlreadyExists,
  "object-already-exists": RpcStatus.FailedPrecondition,
  "bucket-not-empty": RpcStatus.FailedPrecondition,
  "part-too-small": RpcStatus.FailedPrecondition,
  "failed-precondition": RpcStatus.FailedPrecondition,
  "too-many-requests": RpcStatus.ResourceExhausted,
  "bucket-limit-exceeded": RpcStatus.ResourceExhausted,
  "bandwidth-limit-exceeded": RpcStatus.ResourceExhausted,
  "storage-limit-exceeded": RpcStatus.ResourceExhausted,
  "segments-limit-exceeded": RpcStatus.ResourceExhausted,
  "resource-exhausted": RpcStatus.ResourceExhausted,
  "corrupt-data": RpcStatus.DataLoss,
  canceled: RpcStatus.Canceled,
  "deadline-exceeded": RpcStatus.DeadlineExceeded,
  unavailable: RpcStatus.Unavailable,
  unimplemented: RpcStatus.Unimplemented,
  aborted: RpcStatus.Aborted,
  "out-of-range": RpcStatus.OutOfRange,
  internal: RpcStatus.Internal,
};

/** An error that carries exactly this status and text over the wire. */
export function rpcError(status: number, message: string, cause?: unknown): PosternError {
  return new PosternError(codeOfRpcStatus(status), message, { status, cause });
}

/**
 * What a server answers for a handler's error. Errors that are not PosternErrors are defects: their text stays here
 * and the peer reads "internal error".
 */
export function statusOfError(error: unknown): { status: number; message: string } {
  if (!(error instanceof PosternError)) return { status: RpcStatus.Internal, message: "internal error" };
  return { status: error.status ?? statusOfCode[error.code] ?? RpcStatus.Unknown, message: error.message };
}
