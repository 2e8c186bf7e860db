import { createRateLimiter, type RateLimiter } from "./rate-limit.js";

/** Tokens by key, of one limiter. */
export type Tokens = readonly (readonly [key: string, tokens: number])[];

/** By limiter. */
export type TokensOf = Readonly<Record<string, Tokens>>;

/** Tokens a minute of each limiter. */
export type Rates = Readonly<Record<string, number>>;

/** Keys that are told at a time, of one limiter: as many as a limiter remembers. */
const mostKeys = 10_000;

/** The limits of one of several processes that serve the same clients. */
export interface SharedLimits {
  /** Undefined for a limiter that has no rate. */
  limiter(name: string): RateLimiter | undefined;
  /** Books what others handed out. */
  book(tokens: TokensOf): void;
  /** What was handed out here since it was asked the last time; undefined for nothing. */
  drain(): TokensOf | undefined;
}

/**
 * Limiters that hand out tokens at once, and tell others of them afterwards, who then owe them: over time each key gets no
 * more than its rate, however many processes there are. Only before they have heard of each other each may hand out a
 * whole burst. `onNews` hears that there is something to tell, and whether that is urgent: a share of a burst is gone.
 */
export function createSharedLimits(
  rates: Rates,
  processes: number,
  onNews: (urgent: boolean) => void,
  now: () => number = Date.now,
): SharedLimits {
  const limiters = new Map<string, RateLimiter>();
  const taken = createTally();
  for (const [name, perMinute] of Object.entries(rates)) {
    if (perMinute === 0) continue;
    const limiter = createRateLimiter({ perMinute, maxKeys: mostKeys, now });
    // So many tokens of a key in each process are half of a burst.
    const share = Math.max(1, Math.floor(perMinute / (2 * processes)));
    limiters.set(name, {
      ...limiter,
      take(key) {
        const wait = limiter.take(key);
        if (wait === 0) onNews(taken.add(name, key, 1) >= share);
        return wait;
      },
      get size() {
        return limiter.size;
      },
    });
  }
  return {
    limiter: (name) => limiters.get(name),
    book(tokens) {
      for (const [name, entries] of Object.entries(tokens)) {
        for (const [key, count] of entries) limiters.get(name)?.book(key, count);
      }
    },
    drain: taken.drain,
  };
}

/** Tells each of several processes what the others handed out, and one that begins what is owed. */
export interface LimitsHub {
  /** What is owed so far; from now on `drain` has all that comes besides. */
  join(id: number): TokensOf;
  leave(id: number): void;
  /** Hears what one of them handed out. */
  hear(from: number, tokens: TokensOf): void;
  /** What others handed out since this one was told; undefined for nothing. */
  drain(id: number): TokensOf | undefined;
}

export function createLimitsHub(rates: Rates, now: () => number = Date.now): LimitsHub {
  const ledger = createSharedLimits(rates, 1, () => {}, now);
  const untold = new Map<number, Tally>();
  return {
    join(id) {
      untold.set(id, createTally());
      const names = Object.keys(rates);
      return Object.fromEntries(names.map((name) => [name, ledger.limiter(name)?.owed() ?? []]));
    },
    leave: (id) => void untold.delete(id),
    hear(from, tokens) {
      ledger.book(tokens);
      for (const [id, tally] of untold) {
        if (id === from) continue;
        for (const [name, entries] of Object.entries(tokens)) {
          for (const [key, count] of entries) tally.add(name, key, count);
        }
      }
    },
    drain: (id) => untold.get(id)?.drain(),
  };
}

interface Tally {
  /** Returns how many there are now; 0 for a key that is one too many. */
  add(name: string, key: string, tokens: number): number;
  drain(): TokensOf | undefined;
}

/** Counts until it is asked; bounded in keys, as strangers can make up as many as they like. */
function createTally(): Tally {
  let counts = new Map<string, Map<string, number>>();
  return {
    add(name, key, tokens) {
      const byKey = counts.get(name) ?? new Map<string, number>();
      counts.set(name, byKey);
      const before = byKey.get(key) ?? 0;
      if (before === 0 && byKey.size >= mostKeys) return 0;
      byKey.set(key, before + tokens);
      return before + tokens;
    },
    drain() {
      if (counts.size === 0) return undefined;
      const tokens = Object.fromEntries([...counts].map(([name, byKey]) => [name, [...byKey]]));
      counts = new Map();
      return tokens;
    },
  };
}
