import type { CustomMetadata } from "../../core/index.js";
import { S3Error } from "./errors.js";

const names = [
  "X-Amz-Meta-Object-Expires",
  "X-Minio-Meta-Object-Expires",
  "X-Amz-Meta-Storj-Expires",
  "X-Minio-Meta-Storj-Expires",
];

/**
 * When an object is to go away by itself: Storj's extension of S3, a user metadata entry with an RFC 3339 time,
 * "+" and a duration in Go's form, or "none". Source: storj/gateway-st miniogw/gateway.go (parseTTL).
 */
export function expiryOfMetadata(custom: CustomMetadata, now: number): Date | undefined {
  const name = names.find((candidate) => custom[candidate] !== undefined);
  if (name === undefined) return undefined;
  const text = custom[name]!;
  if (text === "none" || text === "") return undefined;
  const ms = text.startsWith("+") ? now + durationMs(text.slice(1)) : rfc3339Ms(text);
  if (!(ms > now && ms < 253_402_300_800_000)) throw invalid();
  return new Date(ms);
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go's time.ParseDuration takes it, e.g. "1h30m". */
function durationMs(text: string): number {
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) throw invalid();
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * unitMs[unit!]!;
  }
  return total;
}

function rfc3339Ms(text: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) throw invalid();
  return Date.parse(text);
}

function invalid(): S3Error {
  return new S3Error("InvalidTTL");
}
