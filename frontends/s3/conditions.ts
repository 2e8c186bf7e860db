import { parseHttpDate } from "./auth/time.js";
import type { RequestHeaders } from "./headers.js";

/** What conditions are compared with. */
export interface Validators {
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
}

export type Verdict = "go-on" | "not-modified" | "failed";

/**
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 section
 * 13.2.2: a date counts only where there is no ETag condition of its kind. `prefix` is "" or "x-amz-copy-source-".
 */
export function evaluateConditions(headers: RequestHeaders, validators: Validators, prefix = ""): Verdict {
  const ifMatch = headers.get(`${prefix}if-match`);
  const ifNoneMatch = headers.get(`${prefix}if-none-match`);
  // HTTP dates have whole seconds.
  const modified = Math.floor(validators.modifiedAt.getTime() / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!etagListed(ifMatch, validators.etag)) return "failed";
  } else {
    const unmodifiedSince = dateOf(headers, `${prefix}if-unmodified-since`);
    if (unmodifiedSince !== undefined && modified > unmodifiedSince) return "failed";
  }
  if (ifNoneMatch !== undefined) {
    if (etagListed(ifNoneMatch, validators.etag)) return "not-modified";
  } else {
    const modifiedSince = dateOf(headers, `${prefix}if-modified-since`);
    if (modifiedSince !== undefined && modified <= modifiedSince) return "not-modified";
  }
  return "go-on";
}

/** Whether any condition is there at all. */
export function hasConditions(headers: RequestHeaders): boolean {
  return ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"].some((name) => headers.has(name));
}

/** Whether If-Range (RFC 9110 section 13.1.5) lets the Range count. */
export function rangeCounts(headers: RequestHeaders, validators: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === undefined) return true;
  const date = parseHttpDate(ifRange);
  if (date !== undefined) return Math.floor(validators.modifiedAt.getTime() / 1000) * 1000 === date;
  return etagListed(ifRange, validators.etag);
}

/** What a PUT asks of what is there before it. */
export interface WriteConditions {
  /** Only if there is nothing. */
  readonly ifNoneMatch: boolean;
  /** Only if none of these ETags is there. */
  readonly noneOf: string | undefined;
  /** Only if this ETag (or "*") is there. */
  readonly ifMatch: string | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function writeConditions(headers: RequestHeaders): WriteConditions {
  const text = headers.get("if-none-match");
  const ifNoneMatch = text?.trim() === "*";
  return { ifNoneMatch, noneOf: ifNoneMatch ? undefined : text, ifMatch: headers.get("if-match") };
}

export function etagListed(list: string, etag: string): boolean {
  if (list.trim() === "*") return true;
  return list.split(",").some((entry) => unquoteEtag(entry) === etag);
}

/** Takes quotes (and the mark of weak tags) off; clients send ETags with and without. */
export function unquoteEtag(text: string): string {
  const trimmed = text.trim().replace(/^W\//, "");
  return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}

function dateOf(headers: RequestHeaders, name: string): number | undefined {
  const value = headers.get(name);
  return value === undefined ? undefined : parseHttpDate(value);
}
