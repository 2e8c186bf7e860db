import { isPosternError } from "../../core/index.js";
import type { Call } from "./call.js";

/**
 * Rejects with `bucket-not-found` if the call's bucket is missing: the satellite does not look at the bucket when an
 * object is, but S3 clients want to know. What else may go wrong (a grant that may not look) says nothing.
 */
export async function requireBucket(call: Call): Promise<void> {
  try {
    await call.project.headBucket(call.bucket, { signal: call.signal });
  } catch (error) {
    if (isPosternError(error, "bucket-not-found")) throw error;
  }
}
