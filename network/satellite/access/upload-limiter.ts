import { toHex } from "../../../core/bytes/bytes.js";
import type { ObjectLocation } from "../data/object-record.js";
import type { UploadRate } from "../options.js";
import { createRateLimiter } from "./rate-limiter.js";

/** Keeps clients from writing one object over and over. */
export interface UploadLimiter {
  /** Counts an upload; status 8 "Too Many Requests" when there were too many of this object. */
  take(location: ObjectLocation): void;
}

/** storj/storj satellite/metainfo/validation.go checkObjectUploadRate. */
export function createUploadLimiter(rate: UploadRate | undefined, now: () => number): UploadLimiter {
  if (rate === undefined) return { take() {} };
  const limiter = createRateLimiter(now);
  const limit = { perSecond: 1000 / rate.intervalMs, burst: rate.burst };
  return {
    take({ projectId, bucket, key }) {
      limiter.take(`${toHex(projectId)}/${toHex(bucket)}/${toHex(key)}`, limit, false);
    },
  };
}
