import { type AwayCacheOptions, createAwayCache, type Elsewhere } from "../away-cache.js";
import type { GrantStore, StoredGrantRecord } from "./grant-store.js";

export interface CachingStoreOptions extends AwayCacheOptions {
  /** Other processes that have read records of the same database, by the hex of the key hash. */
  readonly elsewhere?: Elsewhere<StoredGrantRecord | undefined>;
}

export interface CachingGrantStore extends GrantStore {
  /** What is remembered here and could serve now, by the hex of the key hash. */
  remembered(id: string): StoredGrantRecord | undefined;
}

/**
 * Remembers what was read, for when the database is away. While it is there it is asked each time, so an invalidation
 * acts at once. Records rest here as in the database: encrypted, under a key that only the caller has.
 */
export function cachingGrantStore(store: GrantStore, options: CachingStoreOptions = {}): CachingGrantStore {
  const records = createAwayCache<StoredGrantRecord | undefined>(
    options,
    (record, now) => record !== undefined && (record.expiresAt === undefined || now < record.expiresAt),
    undefined,
    options.elsewhere,
  );
  const forgetting = async (change: Promise<number>): Promise<number> => {
    try {
      return await change;
    } finally {
      // Changes are rare, and one of a macaroon head touches many.
      records.clear();
    }
  };

  return {
    put: (keyHash, record) => store.put(keyHash, record),
    get: (keyHash) => records.get(Buffer.from(keyHash).toString("hex"), () => store.get(keyHash)),
    find: (selector, limit) => store.find(selector, limit),
    invalidate: (selector, reason) => forgetting(store.invalidate(selector, reason)),
    unpublish: (selector) => forgetting(store.unpublish(selector)),
    delete: (selector) => forgetting(store.delete(selector)),
    deleteExpired: (limit) => store.deleteExpired(limit),
    remembered: (id) => records.peek(id)?.value,
    ping: () => store.ping(),
    async close() {
      records.clear();
      await store.close();
    },
  };
}
