import {
  type BucketId,
  type BucketSettings,
  type BucketSettingsEntry,
  mostSameNames,
  type SettingsChange,
} from "../../../core/index.js";

/** Settings of buckets by name, remembered for a short while. */
export interface SettingsCache {
  /** Entries of that name, in any project, as many as `mostSameNames`. */
  find(bucket: string): Promise<readonly BucketSettingsEntry[]>;
  /** The entry of one bucket, however many others have its name. */
  findOwn(id: BucketId): Promise<BucketSettingsEntry | undefined>;
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

  const remembered = (
    name: string,
    look: () => Promise<readonly BucketSettingsEntry[]>,
  ): Promise<readonly BucketSettingsEntry[]> => {
    const entry = known.get(name);
    if (entry !== undefined && options.now() < entry.until) return entry.found;
    const found = look();
    known.delete(name);
    known.set(name, { found, until: options.now() + options.ms });
    if (known.size > options.entries) known.delete(known.keys().next().value!);
    // A failure is not remembered; whoever waits for it hears of it.
    found.catch(() => {
      if (known.get(name)?.found === found) known.delete(name);
    });
    return found;
  };
  const find = (bucket: string) => remembered(bucket, () => settings.findByName(bucket));
  const findOwn = async (id: BucketId): Promise<BucketSettingsEntry | undefined> => {
    const sameName = await find(id.bucket);
    const own = sameName.find((each) => each.id.satellite === id.satellite && each.id.project === id.project);
    if (own !== undefined || sameName.length < mostSameNames) return own;
    const [entry] = await remembered(nameOf(id), async () => {
      const found = await settings.get(id);
      return found === undefined ? [] : [found];
    });
    return entry;
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
  const forgetting = async <T>(id: BucketId, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      known.delete(id.bucket);
      known.delete(nameOf(id));
    }
  };

  return {
    find,
    findOwn,
    change: (id, change) => inTurn(id.bucket, () => forgetting(id, () => settings.change(id, change))),
    delete: (id) => inTurn(id.bucket, () => forgetting(id, () => settings.delete(id))),
  };
}

/** No bucket has such a name. */
function nameOf({ satellite, project, bucket }: BucketId): string {
  return `${satellite}/${project}/${bucket}`;
}
