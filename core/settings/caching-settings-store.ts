import { type AwayCacheOptions, createAwayCache } from "../away-cache.js";
import type { BucketSettingsStore, StoredBucketSettings } from "./bucket-settings-store.js";

/** Settings of one bucket may be half a million of them. */
const mostCharacters = 64 * 2 ** 20;

function charactersOf(found: readonly StoredBucketSettings[]): number {
  let count = 0;
  for (const { sections } of found) for (const text of Object.values(sections)) count += text.length;
  return count;
}

/**
 * Remembers the settings that requests are judged by, for when the database is away: objects stay readable then. What
 * is about to be changed is always read from the database.
 */
export function cachingSettingsStore(store: BucketSettingsStore, options: AwayCacheOptions = {}): BucketSettingsStore {
  const byName = createAwayCache({ maxSize: mostCharacters, ...options }, undefined, charactersOf);
  return {
    ...store,
    findByName: (bucket, limit) => byName.get(`${limit} ${bucket}`, () => store.findByName(bucket, limit)),
  };
}
