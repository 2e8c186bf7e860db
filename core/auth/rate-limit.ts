/** Token buckets by key, bounded in number: a stranger can make up as many keys as he likes. */
export interface RateLimiter {
  /** Takes one token of the key. Returns 0, or the milliseconds until there will be one. */
  take(key: string): number;
  /** Takes tokens that were handed out elsewhere, whether there are any or not: what lacks is owed. */
  book(key: string, tokens: number): void;
  /** The tokens that have not come back yet, by key. */
  owed(): (readonly [key: string, tokens: number])[];
  /** How many keys are remembered. */
  readonly size: number;
}

export interface RateLimitOptions {
  /** Tokens that come back, a minute. */
  readonly perMinute: number;
  /** Tokens of a key that was not seen for long; `perMinute` when absent. */
  readonly burst?: number;
  /** Keys remembered at most; the one used longest ago is forgotten first. 10 000 when absent. */
  readonly maxKeys?: number;
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

export function createRateLimiter(options: RateLimitOptions): RateLimiter {
  const { perMinute, burst = perMinute, maxKeys = 10_000, now = Date.now } = options;
  const interval = 60_000 / perMinute;
  /** By key: when all its tokens will be back. Sums of whole intervals stay exact where fractions of tokens do not. */
  const fullAt = new Map<string, number>();

  const remember = (key: string, full: number): void => {
    // A map iterates in the order of insertion, so what is used goes to the end.
    fullAt.delete(key);
    fullAt.set(key, full);
    if (fullAt.size > maxKeys) fullAt.delete(fullAt.keys().next().value!);
  };

  return {
    take(key) {
      const at = now();
      const full = Math.max(at, fullAt.get(key) ?? 0);
      const wait = full - at - (burst - 1) * interval;
      remember(key, wait > 0 ? full : full + interval);
      return Math.max(0, Math.ceil(wait));
    },
    book: (key, tokens) => remember(key, Math.max(now(), fullAt.get(key) ?? 0) + tokens * interval),
    owed() {
      const at = now();
      return [...fullAt].filter(([, full]) => full > at).map(([key, full]) => [key, (full - at) / interval]);
    },
    get size() {
      return fullAt.size;
    },
  };
}
