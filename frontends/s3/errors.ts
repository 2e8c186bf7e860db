import { type ErrorCode, isPosternError, type PosternError } from "../../core/index.js";
import { errorCodes, type S3ErrorCode } from "./error-codes.js";
import { xmlDocument } from "./xml/write.js";

export interface S3ErrorOptions {
  /** Instead of the code's usual text. */
  message?: string;
  /** Further elements of the error document, as Amazon adds them to some codes. */
  extra?: Readonly<Record<string, string | number>>;
  /** Further reply headers. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** What an S3 client is told. Everything else is converted to it by `toS3Error`, once, where the reply is made. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly extra: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, options: S3ErrorOptions = {}) {
    super(options.message ?? errorCodes[code][1], options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = errorCodes[code][0];
    this.extra = options.extra ?? {};
    this.headers = options.headers ?? {};
  }
}

/** What each core error is to an S3 client. Complete by its type. */
const codeOf: Readonly<Record<ErrorCode, S3ErrorCode>> = {
  "invalid-argument": "InvalidArgument",
  "invalid-grant": "AccessDenied",
  "bucket-name-invalid": "InvalidBucketName",
  "object-key-invalid": "InvalidArgument",
  "range-not-satisfiable": "InvalidRange",
  unauthenticated: "AccessDenied",
  "permission-denied": "AccessDenied",
  "method-not-allowed": "MethodNotAllowed",
  "not-found": "NoSuchKey",
  "already-exists": "OperationAborted",
  "bucket-not-found": "NoSuchBucket",
  // A bucket of this name in the same project: always the caller's own.
  "bucket-already-exists": "BucketAlreadyOwnedByYou",
  "bucket-not-empty": "BucketNotEmpty",
  "object-not-found": "NoSuchKey",
  // Only a conditional write fails so.
  "object-already-exists": "PreconditionFailed",
  "upload-not-found": "NoSuchUpload",
  "part-too-small": "EntityTooSmall",
  "failed-precondition": "PreconditionFailed",
  "too-many-requests": "SlowDown",
  "bucket-limit-exceeded": "TooManyBuckets",
  "bandwidth-limit-exceeded": "BandwidthLimitExceeded",
  "storage-limit-exceeded": "StorageLimitExceeded",
  "segments-limit-exceeded": "SegmentsLimitExceeded",
  "resource-exhausted": "SlowDown",
  "lock-not-enabled": "InvalidRequest",
  "lock-state-invalid": "InvalidBucketState",
  "retention-not-found": "NoSuchObjectLockConfiguration",
  "object-protected": "AccessDenied",
  "lock-configuration-invalid": "InvalidRequest",
  "tags-not-found": "NoSuchTagSet",
  "tag-invalid": "InvalidTag",
  "decryption-failed": "InternalError",
  "corrupt-data": "InternalError",
  "not-enough-shares": "ServiceUnavailable",
  "not-enough-nodes": "ServiceUnavailable",
  canceled: "ServiceUnavailable",
  "deadline-exceeded": "ServiceUnavailable",
  unavailable: "ServiceUnavailable",
  unimplemented: "NotImplemented",
  aborted: "OperationAborted",
  "out-of-range": "InvalidArgument",
  "protocol-error": "InternalError",
  internal: "InternalError",
  unknown: "InternalError",
};

function codeOfError({ code, message }: PosternError): S3ErrorCode {
  // The satellite's limit of all metadata together (storj/storj satellite/metainfo validation.go) has no code of its own.
  return code === "invalid-argument" && /metadata is too large/i.test(message) ? "MetadataTooLarge" : codeOf[code];
}

/** Texts that say more than the S3 code's own. Other core texts stay inside: they may name satellites and nodes. */
function messageOf(error: PosternError): string | undefined {
  switch (error.code) {
    case "invalid-argument":
    case "object-key-invalid":
    case "tag-invalid":
      return error.message;
    case "lock-not-enabled":
      return "Bucket is missing Object Lock Configuration";
    default:
      return undefined;
  }
}

export function toS3Error(error: unknown): S3Error {
  // An S3Error that went through the core, from the body it was reading, comes back as a cause.
  for (let inner = error, depth = 0; inner instanceof Error && depth < 8; inner = inner.cause, depth++) {
    if (inner instanceof S3Error) return inner;
  }
  if (isPosternError(error)) return new S3Error(codeOfError(error), { message: messageOf(error), cause: error });
  return new S3Error("InternalError", { cause: error });
}

/** The error document. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses */
export function errorDocument(error: S3Error, where: { resource: string; requestId: string; hostId: string }): string {
  return xmlDocument((xml) =>
    xml.group("Error", () => {
      xml.text("Code", error.code);
      xml.text("Message", error.message);
      for (const [name, value] of Object.entries(error.extra)) xml.text(name, value);
      xml.text("Resource", where.resource);
      xml.text("RequestId", where.requestId);
      xml.text("HostId", where.hostId);
    }),
  );
}
