import { type ErrorCode, isPosternError } from "../../core/index.js";

/** What a visitor is told in place of what was asked for. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly status: number;
  /** One sentence for the page. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, options: { headers?: Record<string, string>; cause?: unknown } = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.text = text;
    this.headers = options.headers ?? {};
  }
}

/** The reader has gone: nothing is sent. */
export const clientClosed = 499;

export const accessDenied = "Access denied.";
export const malformedRequest = "Malformed request. Please try again.";
const later = "The service can not answer now. Please try again later.";

/** Source of statuses and texts: storj/edge sharing/handler.go; 503 is ours, where the Go service says 500. */
const byCode: Partial<Record<ErrorCode, readonly [status: number, text: string]>> = {
  "bucket-not-found": [404, "Bucket not found."],
  "object-not-found": [404, "Object not found."],
  "method-not-allowed": [404, "Object not found."],
  "not-found": [404, "Not found."],
  "bucket-name-invalid": [400, "Invalid bucket name."],
  "object-key-invalid": [400, "Invalid object key."],
  "invalid-argument": [400, malformedRequest],
  "invalid-grant": [400, malformedRequest],
  "permission-denied": [403, accessDenied],
  unauthenticated: [403, accessDenied],
  "bandwidth-limit-exceeded": [403, "Bandwidth limit exceeded."],
  "too-many-requests": [429, "Too many requests."],
  "range-not-satisfiable": [416, "The requested range is not in the object."],
  canceled: [clientClosed, ""],
  unavailable: [503, later],
  "deadline-exceeded": [503, later],
  "resource-exhausted": [503, later],
  "not-enough-nodes": [503, later],
  "not-enough-shares": [503, later],
};

export function toLinkError(error: unknown): LinkError {
  if (error instanceof LinkError) return error;
  const known = isPosternError(error) ? byCode[error.code] : undefined;
  const [status, text] = known ?? [500, "Internal server error. Please try again later."];
  return new LinkError(status, text, { cause: error });
}

/** What logs tell of an error: not its text, which may come from anywhere. */
export function reasonOf(error: unknown): string {
  if (isPosternError(error)) return error.code;
  if (error instanceof LinkError && error.cause !== undefined) return reasonOf(error.cause);
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : typeof error;
}

/** Headings of error pages. */
export function titleOf(status: number): string {
  return titles[status] ?? (status < 500 ? "This did not work" : "Something went wrong");
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Access denied",
  403: "Access denied",
  404: "Not found",
  405: "Method not allowed",
  415: "Unsupported",
  416: "Range not satisfiable",
  429: "Too many requests",
  503: "Not available now",
};
