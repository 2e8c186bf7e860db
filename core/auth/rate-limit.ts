/** Token buckets by key, bounded in number: a stranger can make up as many keys as he likes. */
export interface RateLimiter {
  /** Takes one token of the key. Returns 0, or the milliseconds until there will be one. */
  take(key: string): number;
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

  return {
    take(key) {
      const at = now();
      const full = Math.max(at, fullAt.get(key) ?? 0);
      const wait = full - at - (burst - 1) * interval;
      // A map iterates in the order of insertion, so what is used goes to the end.
      fullAt.delete(key);
      fullAt.set(key, wait > 0 ? full : full + interval);
      if (fullAt.size > maxKeys) fullAt.delete(fullAt.keys().next().value!);
      return Math.max(0, Math.ceil(wait));
    },
    get size() {
      return fullAt.size;
    },
  };
}
