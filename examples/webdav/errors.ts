import { type ErrorCode, isPosternError } from "postern";

/** What a client is answered in place of what it asked for. */
export class DavError extends Error {
  override readonly name = "DavError";
  readonly status: number;
  /** Name of a precondition (RFC 4918 clause 16) that tells why. */
  readonly condition: string | undefined;

  constructor(status: number, condition?: string, cause?: unknown) {
    super(`${status} ${condition ?? ""}`, cause === undefined ? undefined : { cause });
    this.status = status;
    this.condition = condition;
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  "invalid-argument": 400,
  "object-key-invalid": 400,
  "bucket-name-invalid": 403,
  unauthenticated: 401,
  "permission-denied": 403,
  "object-protected": 403,
  "bucket-limit-exceeded": 403,
  "bucket-not-found": 404,
  "object-not-found": 404,
  "not-found": 404,
  "method-not-allowed": 404,
  "bucket-already-exists": 405,
  "bucket-not-empty": 409,
  "object-already-exists": 412,
  "range-not-satisfiable": 416,
  "too-many-requests": 429,
  canceled: 499,
  "deadline-exceeded": 408,
  "storage-limit-exceeded": 507,
  "segments-limit-exceeded": 507,
  "bandwidth-limit-exceeded": 507,
  "resource-exhausted": 503,
  "not-enough-nodes": 503,
  "not-enough-shares": 503,
  unavailable: 503,
};

/** 500 for what nobody foresaw. */
export function statusOf(error: unknown): number {
  if (error instanceof DavError) return error.status;
  return (isPosternError(error) ? statuses[error.code] : undefined) ?? 500;
}
