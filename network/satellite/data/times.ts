import { isZeroTime, type Timestamp } from "../../../core/bytes/timestamp.js";

/** Microseconds since 1970: what the database keeps, as the real one does (TIMESTAMPTZ). */
export type Micros = number;

export function microsOfMillis(ms: number): Micros {
  return Math.floor(ms) * 1000;
}

/** Beyond it numbers are no longer exact: in the year 2255. */
const latest: Micros = 9_000_000_000_000_000;

/** Rounded down to the microsecond, and never later than `latest`; null for the zero time. */
export function microsOfTimestamp(time: Timestamp | undefined): Micros | null {
  if (time === undefined || isZeroTime(time)) return null;
  return Math.min(latest, time.seconds * 1_000_000 + Math.floor(time.nanos / 1000));
}

export function timestampOfMicros(micros: Micros): { seconds: number; nanos: number } {
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds, nanos: (micros - seconds * 1_000_000) * 1000 };
}

/** The message for a time that may not be set: absent stands for Go's zero time. */
export function optionalTimestamp(micros: Micros | null): { seconds: number; nanos: number } | undefined {
  return micros === null ? undefined : timestampOfMicros(micros);
}

/** Begin of the month, UTC; both in milliseconds. */
export function monthStart(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}
