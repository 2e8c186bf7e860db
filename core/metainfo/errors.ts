import { type ErrorCode, PosternError } from "../errors.js";
import { RpcStatus } from "../rpc/status.js";

/** What a call was about; it decides what the satellite's statuses mean. */
export type CallSubject =
  | "project"
  | "bucket"
  | "bucket-create"
  | "bucket-delete"
  | "list"
  | "object"
  | "upload"
  | "multipart";

/**
 * Refines an error that the satellite answered, by status, text and the kind of call. Errors that are not answers (no
 * status: connection, cancellation) pass through.
 * Source: storj/uplink common.go (convertKnownErrors), private/metaclient/client.go (convertErrors), bucket.go,
 * multipart.go, private/object/object.go; texts of storj/storj satellite/metainfo.
 */
export function metainfoError(error: unknown, subject: CallSubject): unknown {
  if (!(error instanceof PosternError) || error.status === undefined) return error;
  const code = refine(error.status, error.message, subject);
  if (code === undefined || code === error.code) return error;
  return new PosternError(code, error.message, { status: error.status, cause: error });
}

function refine(status: number, text: string, subject: CallSubject): ErrorCode | undefined {
  // Old satellites send these texts with any status.
  if (text.startsWith("bucket not found")) return "bucket-not-found";
  if (text.startsWith("object not found") && subject !== "multipart") return "object-not-found";
  if (text.startsWith("method not allowed")) return "method-not-allowed";
  switch (status) {
    case RpcStatus.InvalidArgument:
      return invalidArgument(text, subject);
    case RpcStatus.NotFound:
      return notFound(subject);
    case RpcStatus.AlreadyExists:
      return subject === "bucket-create" ? "bucket-already-exists" : "object-already-exists";
    case RpcStatus.ResourceExhausted:
      return exhausted(text);
    case RpcStatus.FailedPrecondition:
      return failedPrecondition(text, subject);
    case RpcStatus.StreamIDInvalid:
      return "upload-not-found";
    default:
      return undefined;
  }
}

function invalidArgument(text: string, subject: CallSubject): ErrorCode | undefined {
  if (subject === "bucket-create" || text.includes("bucket name")) return "bucket-name-invalid";
  // DownloadObject with a range that starts behind the end (storj/storj satellite/metabase/streamrange.go).
  if (subject === "object" && text.includes("invalid range")) return "range-not-satisfiable";
  // An upload id that is base58check, but holds no stream id of this satellite.
  if (subject === "multipart" && /stream ?id|signature|^proto:/i.test(text)) return "upload-not-found";
  if (text.startsWith("key length is too big") || text.includes("ObjectKey missing")) return "object-key-invalid";
  return undefined;
}

function notFound(subject: CallSubject): ErrorCode | undefined {
  switch (subject) {
    case "bucket":
    case "bucket-delete":
    case "list":
      return "bucket-not-found";
    case "object":
      return "object-not-found";
    case "multipart":
      return "upload-not-found";
    default:
      return undefined;
  }
}

function exhausted(text: string): ErrorCode | undefined {
  if (text.endsWith("Too Many Requests")) return "too-many-requests";
  if (text.endsWith("Exceeded Usage Limit")) return "bandwidth-limit-exceeded";
  if (text.includes("Exceeded Storage Limit")) return "storage-limit-exceeded";
  if (text.includes("Exceeded Segments Limit")) return "segments-limit-exceeded";
  if (text.startsWith("number of allocated buckets")) return "bucket-limit-exceeded";
  return undefined;
}

function failedPrecondition(text: string, subject: CallSubject): ErrorCode | undefined {
  if (subject === "bucket-delete") return "bucket-not-empty";
  if (text.includes("not enough nodes")) return "not-enough-nodes";
  if (text.includes("object already exists")) return "object-already-exists";
  if (text.includes("is below minimum threshold")) return "part-too-small";
  return undefined;
}
