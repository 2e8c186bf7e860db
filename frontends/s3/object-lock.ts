import type { ObjectInfo, Retention, RetentionMode } from "../../core/index.js";
import type { Call } from "./call.js";
import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";

const modes: Readonly<Record<string, RetentionMode>> = { GOVERNANCE: "governance", COMPLIANCE: "compliance" };

export function modeText(mode: RetentionMode): string {
  return mode.toUpperCase();
}

/** Undefined for anything but the two modes. */
export function parseMode(text: string | undefined): RetentionMode | undefined {
  return text !== undefined && Object.hasOwn(modes, text) ? modes[text] : undefined;
}

/** A time in ISO 8601 that is still to come. */
export function parseRetainUntil(text: string, now: number): Date {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(time)) throw invalid("The retain until date must be provided in ISO 8601 format");
  if (time <= now) throw invalid("The retain until date must be in the future!");
  return new Date(time);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
export function lockOfHeaders(headers: RequestHeaders, now: number): { retention?: Retention; legalHold?: boolean } {
  const modeHeader = headers.get("x-amz-object-lock-mode");
  const until = headers.get("x-amz-object-lock-retain-until-date");
  const hold = headers.get("x-amz-object-lock-legal-hold");
  const lock: { retention?: Retention; legalHold?: boolean } = {};
  if ((modeHeader === undefined) !== (until === undefined)) {
    throw invalid("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied");
  }
  if (modeHeader !== undefined && until !== undefined) {
    const mode = parseMode(modeHeader);
    if (mode === undefined) throw invalid("Unknown wormMode directive.");
    lock.retention = { mode, retainUntil: parseRetainUntil(until, now) };
  }
  if (hold !== undefined) {
    if (hold !== "ON" && hold !== "OFF") throw invalid("Legal Hold must be either of 'ON' or 'OFF'");
    if (hold === "ON") lock.legalHold = true;
  }
  return lock;
}

/** Reply headers about an object's lock. */
export function lockHeaders({ retention, legalHold }: ObjectInfo): Record<string, string> {
  const headers: Record<string, string> = {};
  if (retention !== undefined) {
    headers["x-amz-object-lock-mode"] = modeText(retention.mode);
    headers["x-amz-object-lock-retain-until-date"] = retention.retainUntil.toISOString();
  }
  if (legalHold === true || (legalHold !== undefined && retention !== undefined)) {
    headers["x-amz-object-lock-legal-hold"] = legalHold ? "ON" : "OFF";
  }
  return headers;
}

export function bypassesGovernance({ headers }: Pick<Call, "headers">): boolean {
  return headers.get("x-amz-bypass-governance-retention")?.toLowerCase() === "true";
}

function invalid(message: string): S3Error {
  return new S3Error("InvalidArgument", { message });
}
