import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { RateLimit } from "../options.js";

interface TokenBucket {
  tokens: number;
  filledAt: number;
}

/** Projects remembered at a time; the longest unused goes first, and starts with a full bucket when it returns. */
const maxProjects = 10_000;

/** Counts requests per project, or per whatever the key names. */
export interface RateLimiter {
  /** Takes one request; throws status 8 "Too Many Requests", or 7 when the project may do nothing at all. */
  take(key: string, limit: RateLimit | undefined, tolerant: boolean): void;
}

/** Token buckets (storj/storj satellite/metainfo/validation.go checkRate). */
export function createRateLimiter(now: () => number): RateLimiter {
  const buckets = new Map<string, TokenBucket>();
  return {
    take(key, limit, tolerant) {
      if (limit === undefined) return;
      if (limit.perSecond === 0 && limit.burst === 0) {
        throw rpcError(RpcStatus.PermissionDenied, "All access disabled");
      }
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: limit.burst, filledAt: at };
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > maxProjects) buckets.delete(buckets.keys().next().value!);

      const earned = (Math.max(0, at - bucket.filledAt) * limit.perSecond) / 1000;
      bucket.tokens = Math.min(limit.burst, bucket.tokens + earned);
      bucket.filledAt = at;
      if (bucket.tokens >= 1) bucket.tokens -= 1;
      else if (!tolerant) throw rpcError(RpcStatus.ResourceExhausted, "Too Many Requests");
    },
  };
}
