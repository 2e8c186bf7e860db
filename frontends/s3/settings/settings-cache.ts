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
  /** Most characters of settings remembered: those of one bucket may be many. Default 64 Mi. */
  readonly mostBytes?: number;
}

interface Known {
  readonly found: Promise<readonly BucketSettingsEntry[]>;
  readonly until: number;
  /** 0 until they are found. */
  bytes: number;
}

const defaultMostBytes = 64 * 2 ** 20;

/** What this gateway changes it knows at once. */
export function createSettingsCache(settings: BucketSettings, options: SettingsCacheOptions): SettingsCache {
  const known = new Map<string, Known>();
  const { mostBytes = defaultMostBytes } = options;
  let knownBytes = 0;

  const forget = (name: string): void => {
    knownBytes -= known.get(name)?.bytes ?? 0;
    known.delete(name);
  };
  const trim = (): void => {
    for (const name of known.keys()) {
      if (known.size <= options.entries && knownBytes <= mostBytes) return;
      forget(name);
    }
  };

  const remembered = (
    name: string,
    look: () => Promise<readonly BucketSettingsEntry[]>,
  ): Promise<readonly BucketSettingsEntry[]> => {
    const before = known.get(name);
    if (before !== undefined && options.now() < before.until) return before.found;
    const found = look();
    forget(name);
    const entry: Known = { found, until: options.now() + options.ms, bytes: 0 };
    known.set(name, entry);
    trim();
    found.then(
      (entries) => {
        if (known.get(name) !== entry) return;
        entry.bytes = sizeOf(entries);
        knownBytes += entry.bytes;
        trim();
      },
      // A failure is not remembered; whoever waits for it hears of it.
      () => {
        if (known.get(name) === entry) forget(name);
      },
    );
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
      forget(id.bucket);
      forget(nameOf(id));
    }
  };

  return {
    find,
    findOwn,
    change: (id, change) => inTurn(id.bucket, () => forgetting(id, () => settings.change(id, change))),
    delete: (id) => inTurn(id.bucket, () => forgetting(id, () => settings.delete(id))),
  };
}

function sizeOf(entries: readonly BucketSettingsEntry[]): number {
  let size = 0;
  for (const { sections } of entries) for (const text of Object.values(sections)) size += text.length;
  return size;
}

/** No bucket has such a name. */
function nameOf({ satellite, project, bucket }: BucketId): string {
  return `${satellite}/${project}/${bucket}`;
}
