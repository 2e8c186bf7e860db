import type { GrantStore } from "./grant-store.js";

export interface CleaningOptions {
  /** Records of one statement; 1 000 when absent. */
  readonly batch?: number;
  /** Statements of one round; 100 when absent. What is left waits for the next. */
  readonly maxBatches?: number;
  readonly signal?: AbortSignal;
}

/** One round: removes expired records batch by batch, so that no statement locks many rows. Returns how many. */
export async function removeExpiredRecords(
  store: Pick<GrantStore, "deleteExpired">,
  options: CleaningOptions = {},
): Promise<number> {
  const { batch = 1_000, maxBatches = 100, signal } = options;
  let removed = 0;
  for (let i = 0; i < maxBatches && signal?.aborted !== true; i++) {
    const count = await store.deleteExpired(batch);
    removed += count;
    if (count < batch) break;
  }
  return removed;
}
