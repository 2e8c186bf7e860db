/** As google.protobuf.Timestamp: whole seconds since 1970 and 0 to 999 999 999 nanoseconds after them. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** Seconds of Go's zero time.Time, the first of January of year 1. */
export const goZeroSeconds = -62135596800;

/** Go's zero time: absent on the wire, or year 1. A present but empty Timestamp is 1970, and not zero. */
export function isZeroTime(time: Timestamp | undefined): boolean {
  return time === undefined || (time.seconds === goZeroSeconds && time.nanos === 0);
}

export function timestampOfMillis(ms: number): Timestamp {
  const whole = Math.floor(ms);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: (whole - seconds * 1000) * 1_000_000 };
}

/** Milliseconds since 1970, rounded down; undefined for the zero time. */
export function millisOfTimestamp(time: Timestamp | undefined): number | undefined {
  if (time === undefined || isZeroTime(time)) return undefined;
  return time.seconds * 1000 + Math.floor(time.nanos / 1_000_000);
}

/** Negative when `a` is the earlier one, zero when they are equal. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}
