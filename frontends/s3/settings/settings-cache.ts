import type { BucketId, BucketSettings, BucketSettingsEntry, SettingsChange } from "../../../core/index.js";

/** Settings of buckets by name, remembered for a short while. */
export interface SettingsCache {
  /** Entries of that name, in any project; first come first. */
  find(bucket: string): Promise<readonly BucketSettingsEntry[]>;
  change(id: BucketId, change: (before: BucketSettingsEntry | undefined) => SettingsChange): Promise<void>;
  delete(id: BucketId): Promise<void>;
}

export interface SettingsCacheOptions {
  /** Most bucket names remembered. */
  readonly entries: number;
  /** How late this gateway learns what another one changed, in ms. */
  readonly ms: number;
  readonly now: () => number;
}

/** What this gateway changes it knows at once. */
export function createSettingsCache(settings: BucketSettings, options: SettingsCacheOptions): SettingsCache {
  const known = new Map<string, { readonly found: Promise<readonly BucketSettingsEntry[]>; readonly until: number }>();

  const find = (bucket: string): Promise<readonly BucketSettingsEntry[]> => {
    const entry = known.get(bucket);
    if (entry !== undefined && options.now() < entry.until) return entry.found;
    const found = settings.findByName(bucket);
    known.delete(bucket);
    known.set(bucket, { found, until: options.now() + options.ms });
    if (known.size > options.entries) known.delete(known.keys().next().value!);
    // A failure is not remembered; whoever waits for it hears of it.
    found.catch(() => {
      if (known.get(bucket)?.found === found) known.delete(bucket);
    });
    return found;
  };
  /** Changes of one bucket's settings by this gateway, one after the other: they would only overtake each other. */
  const changing = new Map<string, Promise<unknown>>();
  const inTurn = <T>(bucket: string, work: () => Promise<T>): Promise<T> => {
    const before = changing.get(bucket) ?? Promise.resolve();
    const turn = before.then(work, work);
    changing.set(bucket, turn);
    const done = (): void => {
      if (changing.get(bucket) === turn) changing.delete(bucket);
    };
    turn.then(done, done);
    return turn;
  };
  const forgetting = async <T>(bucket: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      known.delete(bucket);
    }
  };

  return {
    find,
    change: (id, change) => inTurn(id.bucket, () => forgetting(id.bucket, () => settings.change(id, change))),
    delete: (id) => inTurn(id.bucket, () => forgetting(id.bucket, () => settings.delete(id))),
  };
}
