import type { RedundancyScheme } from "../../proto/gen/pointerdb.js";
import { PosternError } from "../errors.js";

export interface Scheme {
  /** k: pieces that suffice to read. */
  readonly required: number;
  /** n */
  readonly total: number;
  /** o: pieces that an upload stores before it stops. */
  readonly success: number;
  /** Bytes of an erasure share. */
  readonly shareSize: number;
}

/**
 * The scheme of a segment as the satellite gave it. Thresholds of 0 mean `total`.
 * Source: storj/uplink private/eestream/encode.go (NewRedundancyStrategyFromProto).
 * @throws PosternError protocol-error when it is missing or contradicts itself
 */
export function checkScheme(scheme: RedundancyScheme | undefined): Scheme {
  if (scheme === undefined) throw new PosternError("protocol-error", "segment has no redundancy scheme");
  const { minReq: required, total, erasureShareSize: shareSize } = scheme;
  const repair = scheme.repairThreshold || total;
  const success = scheme.successThreshold || total;
  const valid =
    required >= 1 && required <= repair && repair <= success && success <= total && total <= 256 && shareSize > 0;
  if (!valid) throw new PosternError("protocol-error", "redundancy scheme of the segment is invalid");
  return { required, total, success, shareSize };
}
