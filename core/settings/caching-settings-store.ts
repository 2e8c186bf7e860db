import { type AwayCacheOptions, createAwayCache } from "../away-cache.js";
import type { BucketSettingsStore, StoredBucketSettings } from "./bucket-settings-store.js";

/**
 * Remembers the settings that requests are judged by, for when the database is away: objects stay readable then. What
 * is about to be changed is always read from the database.
 */
export function cachingSettingsStore(store: BucketSettingsStore, options: AwayCacheOptions = {}): BucketSettingsStore {
  const byName = createAwayCache<readonly StoredBucketSettings[]>(options);
  return {
    ...store,
    findByName: (bucket, limit) => byName.get(`${limit} ${bucket}`, () => store.findByName(bucket, limit)),
  };
}
