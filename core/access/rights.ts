import { equalBytes, utf8 } from "../bytes/bytes.js";
import { isPosternError } from "../errors.js";
import type { ApiKey } from "./api-key.js";
import { type Caveat, caveatsOf } from "./caveat.js";

/**
 * Whether a key may read, write, list and delete everything in a bucket: what it takes to decide about the bucket as a
 * whole. Says nothing about whether the key is valid.
 */
export function mayAllIn(key: ApiKey, bucket: string): boolean {
  let caveats: Caveat[];
  try {
    caveats = caveatsOf(key);
  } catch (error) {
    if (isPosternError(error, "invalid-argument")) return false;
    throw error;
  }
  return caveats.every((caveat) => {
    const { disallowReads, disallowWrites, disallowLists, disallowDeletes, allowedPaths } = caveat;
    if (disallowReads || disallowWrites || disallowLists || disallowDeletes) return false;
    if (allowedPaths.length === 0) return true;
    return allowedPaths.some((path) => equalBytes(path.bucket, utf8(bucket)) && path.encryptedPathPrefix.length === 0);
  });
}
