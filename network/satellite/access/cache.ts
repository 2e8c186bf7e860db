/** Remembers what the database said for a short time, so that it is not asked for each request. */
export interface Cache<T> {
  get(key: string, load: () => Promise<T>): Promise<T>;
  forget(key: string): void;
  clear(): void;
}

interface Entry<T> {
  readonly value: Promise<T>;
  readonly until: number;
}

/**
 * At most `maxEntries`, each for `ttlMs`; the oldest goes first. Callers that come while a value is loaded share it.
 * Failures are not remembered, nor is a value whose key was forgotten while it was loaded.
 */
export function createCache<T>(options: { ttlMs: number; maxEntries: number; now: () => number }): Cache<T> {
  const entries = new Map<string, Entry<T>>();
  return {
    get(key, load) {
      const known = entries.get(key);
      if (known !== undefined && known.until > options.now()) return known.value;
      const value = load();
      const entry = { value, until: options.now() + options.ttlMs };
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > options.maxEntries) entries.delete(entries.keys().next().value!);
      value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return value;
    },
    forget: (key) => entries.delete(key),
    clear: () => entries.clear(),
  };
}
