/** Milliseconds of "20130524T000000Z"; undefined for anything else. */
export function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** "20130524T000000Z" of milliseconds. */
export function amzDate(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
}

/** Milliseconds of an HTTP date (RFC 9110 section 5.6.7); undefined when it is none. */
export function parseHttpDate(text: string): number | undefined {
  const known = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text) && /\d\d:\d\d:\d\d/.test(text);
  const ms = known ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
