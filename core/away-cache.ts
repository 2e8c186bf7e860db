import { isPosternError, PosternError } from "./errors.js";

export interface AwayCacheOptions {
  /** Values remembered at most; the one asked for longest ago is forgotten first. 10 000 when absent. */
  readonly maxEntries?: number;
  /** Of what `sizeOf` tells of values together; no limit when absent. */
  readonly maxSize?: number;
  /** How long a value serves while its source is away, in ms; 3 600 000 when absent. */
  readonly maxAgeMs?: number;
  /** How long the source is waited for when a remembered value could serve, in ms; 2 000 when absent. */
  readonly patienceMs?: number;
  /** How long it is waited for when none could, in ms; 5 000 when absent. */
  readonly longestMs?: number;
  /** After a failure, how long remembered values serve without asking, in ms; 1 000 when absent. */
  readonly pauseMs?: number;
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

/** Values for the time when their source is away. While it is there it is asked each time. */
export interface AwayCache<T> {
  /** What `ask` gives; where it rejects with `unavailable`, or takes too long, what it gave the last time, or else that. */
  get(id: string, ask: () => Promise<T>): Promise<T>;
  /** What could serve now, if anything. */
  peek(id: string): { readonly value: T } | undefined;
  clear(): void;
}

/** Others that remember values of the same source. Rejects never; answers soon. */
export type Elsewhere<T> = (id: string) => Promise<{ readonly value: T } | undefined>;

/**
 * `lasts` tells whether a value may still serve at a time; all do when it is absent. `sizeOf` tells what a value takes, for
 * those that strangers can make large. `elsewhere` is asked where the source is away and nothing is remembered here.
 */
export function createAwayCache<T>(
  options: AwayCacheOptions,
  lasts: (value: T, now: number) => boolean = () => true,
  sizeOf: (value: T) => number = () => 0,
  elsewhere?: Elsewhere<T>,
): AwayCache<T> {
  const { maxEntries = 10_000, maxAgeMs = 3_600_000, patienceMs = 2_000, pauseMs = 1_000, now = Date.now } = options;
  const { maxSize = Number.POSITIVE_INFINITY, longestMs = 5_000 } = options;
  interface Entry {
    readonly value: T;
    readonly at: number;
    readonly size: number;
    /** Which question it answers. */
    readonly asked: number;
  }
  const entries = new Map<string, Entry>();
  let size = 0;
  let asked = 0;
  /** Answers to earlier questions may be of what is no longer so. */
  let cleared = 0;
  /** Until then the source is taken to be away. */
  let awayUntil = 0;

  const forget = (id: string): void => {
    size -= entries.get(id)?.size ?? 0;
    entries.delete(id);
  };
  const remembered = (id: string): { readonly value: T } | undefined => {
    const entry = entries.get(id);
    if (entry === undefined) return undefined;
    if (now() - entry.at < maxAgeMs && lasts(entry.value, now())) return entry;
    forget(id);
    return undefined;
  };
  const remember = (id: string, value: T, question: number): void => {
    if (question <= cleared || question < (entries.get(id)?.asked ?? 0)) return;
    forget(id);
    if (!lasts(value, now())) return;
    const entry = { value, at: now(), size: sizeOf(value), asked: question };
    entries.set(id, entry);
    size += entry.size;
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries && size <= maxSize) return;
      forget(oldest);
    }
  };

  return {
    async get(id, ask) {
      // Others are asked only while it is away: an answer from there is no reason not to ask the source.
      const known = remembered(id) ?? (awayUntil > 0 ? await elsewhere?.(id) : undefined);
      if (known !== undefined && now() < awayUntil) return known.value;
      // One finds out whether it is back; the others need not wait with it.
      if (known !== undefined && awayUntil > 0) awayUntil = now() + patienceMs;
      const question = ++asked;
      try {
        const value = await within(ask(), known === undefined ? longestMs : patienceMs);
        awayUntil = 0;
        remember(id, value, question);
        return value;
      } catch (error) {
        const isAway = isPosternError(error, "unavailable");
        awayUntil = isAway ? now() + pauseMs : 0;
        if (!isAway) throw error;
        const found = remembered(id) ?? known ?? (await elsewhere?.(id));
        if (found === undefined) throw error;
        return found.value;
      }
    },
    peek: remembered,
    clear() {
      cleared = asked;
      entries.clear();
      size = 0;
    },
  };
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new PosternError("unavailable", "the database does not answer"));
    const timer = setTimeout(late, ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
