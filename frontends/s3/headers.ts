/** The headers of a request by lower-case name. Values are bytes-as-characters, as Node reads them from the wire. */
export interface RequestHeaders {
  /** All values of that name, joined with ","; undefined when there is none. */
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** Distinct names, lower case, in the order sent. */
  readonly names: readonly string[];
}

/** From Node's `rawHeaders`: its parsed form drops repeated headers, which signatures and metadata need. */
export function requestHeaders(rawHeaders: readonly string[]): RequestHeaders {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const before = values.get(name);
    const value = rawHeaders[i + 1]!.trim();
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return { get: (name) => values.get(name), has: (name) => values.has(name), names: [...values.keys()] };
}
