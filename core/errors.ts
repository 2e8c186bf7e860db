/** The closed set of error codes. docs/errors.md lists what each frontend and protocol makes of them. */
export const errorCodes = [
  // the caller's input
  "invalid-argument",
  "invalid-grant",
  "bucket-name-invalid",
  "object-key-invalid",
  "range-not-satisfiable",
  // who may do what
  "unauthenticated",
  "permission-denied",
  "method-not-allowed",
  // what is there and what is not
  "not-found",
  "already-exists",
  "bucket-not-found",
  "bucket-already-exists",
  "bucket-not-empty",
  "object-not-found",
  "object-already-exists",
  "upload-not-found",
  "part-too-small",
  "failed-precondition",
  // limits
  "too-many-requests",
  "bucket-limit-exceeded",
  "bandwidth-limit-exceeded",
  "storage-limit-exceeded",
  "segments-limit-exceeded",
  "resource-exhausted",
  // object lock, tags and other settings of newer satellites
  "lock-not-enabled",
  "lock-state-invalid",
  "retention-not-found",
  "object-protected",
  "lock-configuration-invalid",
  "tags-not-found",
  "tag-invalid",
  // the data itself
  "decryption-failed",
  "corrupt-data",
  "not-enough-shares",
  "not-enough-nodes",
  // how the call ended
  "canceled",
  "deadline-exceeded",
  "unavailable",
  "unimplemented",
  "aborted",
  "out-of-range",
  "protocol-error",
  "internal",
  "unknown",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface PosternErrorOptions {
  /** What was caught, if this error says it in other words. Never dropped. */
  cause?: unknown;
  /** Storj RPC status number (`core/rpc/status.ts`), when the error crossed or is to cross an RPC boundary. */
  status?: number;
}

/** The same symbol in every copy of this module. */
const brand = Symbol.for("postern.PosternError");

/**
 * The one error class of Postern. `instanceof` also knows those of another copy of this package: a plugin may have come
 * with one of its own. Layers convert foreign errors into it once, in their `errors.ts`. */
export class PosternError extends Error {
  override readonly name = "PosternError";
  readonly code: ErrorCode;
  readonly status: number | undefined;

  constructor(code: ErrorCode, message: string, options: PosternErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }

  static override [Symbol.hasInstance](value: unknown): value is PosternError {
    return value instanceof Error && brand in value;
  }

  get [brand](): true {
    return true;
  }
}

export function isPosternError(error: unknown, ...codes: ErrorCode[]): error is PosternError {
  return error instanceof PosternError && (codes.length === 0 || codes.includes(error.code));
}

/** Wraps what was caught, unless it is a PosternError already. */
export function toPosternError(error: unknown, code: ErrorCode = "internal", message?: string): PosternError {
  if (error instanceof PosternError) return error;
  const text = message ?? (error instanceof Error ? error.message : String(error));
  return new PosternError(code, text, { cause: error });
}

/** The error of an aborted AbortSignal: `canceled`, or `deadline-exceeded` for a timeout. */
export function abortError(signal: AbortSignal): PosternError {
  const reason: unknown = signal.reason;
  if (reason instanceof PosternError) return reason;
  const timedOut = reason instanceof Error && reason.name === "TimeoutError";
  return new PosternError(timedOut ? "deadline-exceeded" : "canceled", timedOut ? "deadline exceeded" : "canceled", {
    cause: reason,
  });
}
