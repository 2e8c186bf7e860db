import { toHex } from "../../../core/bytes/bytes.js";
import { type BucketRecord, findBucket } from "../data/buckets.js";
import { bucketNotFound } from "../data/errors.js";
import type { Database } from "../db/queries.js";
import { createCache } from "./cache.js";

export interface BucketCache {
  /** The bucket; status 5 "bucket not found: NAME" when there is none. */
  get(projectId: Uint8Array, name: Uint8Array): Promise<BucketRecord>;
  /** After the bucket was made, changed or deleted. */
  forget(projectId: Uint8Array, name: Uint8Array): void;
}

/** Buckets that exist, for a few seconds; one that does not is looked for each time. */
export function createBucketCache(db: Database, now: () => number): BucketCache {
  const cache = createCache<BucketRecord>({ ttlMs: 5_000, maxEntries: 10_000, now });
  const keyOf = (projectId: Uint8Array, name: Uint8Array) => `${toHex(projectId)}/${toHex(name)}`;
  return {
    get: (projectId, name) =>
      cache.get(keyOf(projectId, name), async () => {
        const bucket = await findBucket(db.read, projectId, name);
        if (bucket === undefined) throw bucketNotFound(name);
        return bucket;
      }),
    forget: (projectId, name) => cache.forget(keyOf(projectId, name)),
  };
}
