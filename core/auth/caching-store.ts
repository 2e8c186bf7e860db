import { isPosternError, PosternError } from "../errors.js";
import type { GrantStore, StoredGrantRecord } from "./grant-store.js";

export interface CachingStoreOptions {
  /** Records remembered at most; the one read longest ago is forgotten first. 10 000 when absent. */
  readonly maxEntries?: number;
  /** How long a record serves while the database is away, in ms; 3 600 000 when absent. */
  readonly maxAgeMs?: number;
  /** How long the database is waited for when a remembered record could serve, in ms; 2 000 when absent. */
  readonly patienceMs?: number;
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

/**
 * Remembers what was read, for when the database is away. While it is there it is asked each time, so an invalidation
 * acts at once. Records rest here as in the database: encrypted, under a key that only the caller has.
 */
export function cachingGrantStore(store: GrantStore, options: CachingStoreOptions = {}): GrantStore {
  const { maxEntries = 10_000, maxAgeMs = 3_600_000, patienceMs = 2_000, now = Date.now } = options;
  const entries = new Map<string, { readonly record: StoredGrantRecord; readonly at: number }>();

  const remembered = (id: string): StoredGrantRecord | undefined => {
    const entry = entries.get(id);
    if (entry === undefined) return undefined;
    const expiresAt = entry.record.expiresAt ?? Number.POSITIVE_INFINITY;
    if (now() - entry.at < maxAgeMs && now() < expiresAt) return entry.record;
    entries.delete(id);
    return undefined;
  };
  const remember = (id: string, record: StoredGrantRecord | undefined): void => {
    entries.delete(id);
    if (record === undefined) return;
    entries.set(id, { record, at: now() });
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
  };
  const forgetting = async (change: Promise<number>): Promise<number> => {
    try {
      return await change;
    } finally {
      // Changes are rare, and one of a macaroon head touches many.
      entries.clear();
    }
  };

  return {
    put: (keyHash, record) => store.put(keyHash, record),
    async get(keyHash) {
      const id = Buffer.from(keyHash).toString("hex");
      const asked = store.get(keyHash);
      try {
        const record = await (remembered(id) === undefined ? asked : within(asked, patienceMs));
        remember(id, record);
        return record;
      } catch (error) {
        const record = isPosternError(error, "unavailable") ? remembered(id) : undefined;
        if (record === undefined) throw error;
        return record;
      }
    },
    find: (selector, limit) => store.find(selector, limit),
    invalidate: (selector, reason) => forgetting(store.invalidate(selector, reason)),
    unpublish: (selector) => forgetting(store.unpublish(selector)),
    delete: (selector) => forgetting(store.delete(selector)),
    deleteExpired: (limit) => store.deleteExpired(limit),
    ping: () => store.ping(),
    async close() {
      entries.clear();
      await store.close();
    },
  };
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new PosternError("unavailable", "the credentials database does not answer"));
    const timer = setTimeout(late, ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
