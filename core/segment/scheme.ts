import type { RedundancyScheme as SchemeMessage } from "../../proto/gen/pointerdb.js";
import { type RedundancyScheme, redundancyScheme } from "../erasure/scheme.js";
import { PosternError } from "../errors.js";

/** The scheme of a segment as the satellite told it; `protocol-error` when it is missing or contradicts itself. */
export function toldScheme(message: SchemeMessage | undefined): RedundancyScheme {
  if (message === undefined) throw new PosternError("protocol-error", "segment comes without a redundancy scheme");
  try {
    return redundancyScheme(message);
  } catch (cause) {
    throw new PosternError("protocol-error", "segment comes with an impossible redundancy scheme", { cause });
  }
}
