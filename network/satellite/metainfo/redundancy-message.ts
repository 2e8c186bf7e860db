import type { RedundancyScheme } from "../../../proto/gen/pointerdb.js";
import type { Redundancy } from "../data/segment-record.js";

/** pointerdb.RedundancyScheme.SchemeType RS. */
const reedSolomon = 1;

export function redundancyMessage(redundancy: Redundancy): RedundancyScheme {
  return {
    type: reedSolomon,
    minReq: redundancy.required,
    total: redundancy.total,
    repairThreshold: redundancy.repair,
    successThreshold: redundancy.optimal,
    erasureShareSize: redundancy.shareSize,
  };
}

export function redundancyOf(message: RedundancyScheme): Redundancy {
  return {
    required: message.minReq,
    repair: message.repairThreshold,
    optimal: message.successThreshold,
    total: message.total,
    shareSize: message.erasureShareSize,
  };
}
