import type { LinkRequest } from "../request.js";

/** What conditions are compared with. */
export interface Validators {
  /** With quotes; undefined where there is none. */
  readonly etag: string | undefined;
  readonly modified: Date;
}

export type Verdict = "go-on" | "not-modified" | "failed";

/** In the order of RFC 9110 section 13.2.2: a date counts only where there is no ETag condition of its kind. */
export function evaluatePreconditions(request: LinkRequest, validators: Validators): Verdict {
  const { etag } = validators;
  const modified = seconds(validators.modified);
  const ifMatch = request.header("if-match");
  const unmodifiedSince = dateOf(request.header("if-unmodified-since"));
  if (ifMatch !== undefined) {
    if (!listed(ifMatch, etag, false)) return "failed";
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    return "failed";
  }
  const ifNoneMatch = request.header("if-none-match");
  const modifiedSince = dateOf(request.header("if-modified-since"));
  if (ifNoneMatch !== undefined) {
    if (listed(ifNoneMatch, etag, true)) return "not-modified";
  } else if (modifiedSince !== undefined && modified <= modifiedSince) {
    return "not-modified";
  }
  return "go-on";
}

/** Whether If-Range (RFC 9110 section 13.1.5) lets the Range count. */
export function rangeCounts(request: LinkRequest, { etag, modified }: Validators): boolean {
  const ifRange = request.header("if-range");
  if (ifRange === undefined) return true;
  if (/^(?:W\/)?"/.test(ifRange.trim())) return ifRange.trim() === etag;
  return dateOf(ifRange) === seconds(modified);
}

function listed(list: string, etag: string | undefined, weak: boolean): boolean {
  for (const [entry] of list.matchAll(/\*|(?:W\/)?"[^"]*"/g)) {
    if (entry === "*") return true;
    if ((weak ? entry.replace(/^W\//, "") : entry) === etag) return true;
  }
  return false;
}

/** HTTP dates have whole seconds. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Seconds of an HTTP date (RFC 9110 section 5.6.7); undefined when it is none. */
function dateOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
