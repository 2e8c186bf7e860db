import type { TxtRecord } from "./resolver.js";

/** What TXT records say of a site. */
export interface TxtFields {
  /** The value of a field, or "": of `field`, or else of `field-1`, `field-2` and so on together. */
  get(field: string): string;
  /** How long all of it may be used, in ms; at most a day. */
  readonly ttlMs: number;
}

const dayMs = 24 * 3_600_000;
/** More pieces than the longest grant has. */
const mostPieces = 64;

/**
 * Reads "field:value" off every string of every record; names are compared in lower case, with "-" for "_". Of several
 * values the first in order counts, so that the order of the records does not. Source: storj/edge
 * sharing/txtrecordset.go.
 */
export function txtFields(records: readonly TxtRecord[]): TxtFields {
  const values = new Map<string, string>();
  let ttlMs = dayMs;
  for (const { strings, ttl } of records) {
    ttlMs = Math.min(ttlMs, Math.max(ttl, 0) * 1000);
    for (const text of strings) {
      const colon = text.indexOf(":");
      if (colon < 0) continue;
      const field = text.slice(0, colon).toLowerCase().replaceAll("_", "-");
      const value = text.slice(colon + 1);
      const known = values.get(field);
      if (known === undefined || value < known) values.set(field, value);
    }
  }
  return {
    ttlMs,
    get(field) {
      const whole = values.get(field);
      if (whole !== undefined) return whole;
      let joined = "";
      for (let i = 1; i <= mostPieces; i++) {
        const piece = values.get(`${field}-${i}`);
        if (piece === undefined) break;
        joined += piece;
      }
      return joined;
    },
  };
}
