import { isPosternError } from "../../core/index.js";
import { type Call, keyOf } from "./call.js";
import { etagListed, writeConditions } from "./conditions.js";
import { S3Error } from "./errors.js";
import { etagOf } from "./metadata.js";

/** The conditions of a request that writes an object. */
export interface WriteGuard {
  /** To be handed to the core, which decides it together with the commit. */
  readonly ifNoneMatch: boolean;
  /**
   * Fails with PreconditionFailed (or NoSuchKey for If-Match without an object) when a condition does not hold now.
   * If-Match has no counterpart in the network's protocol, so it is checked before and right before the commit: a write
   * by another client between that and the commit goes unseen.
   */
  check(): Promise<void>;
}

export function writeGuard(call: Call): WriteGuard {
  const { ifNoneMatch, noneOf, ifMatch } = writeConditions(call.headers);
  const check = async (): Promise<void> => {
    if (!ifNoneMatch && noneOf === undefined && ifMatch === undefined) return;
    let etag: string;
    try {
      etag = etagOf(await call.project.headObject(call.bucket, keyOf(call), { signal: call.signal }));
    } catch (error) {
      if (!isPosternError(error, "object-not-found")) throw error;
      if (ifMatch === undefined) return;
      throw error;
    }
    if (ifNoneMatch || (noneOf !== undefined && etagListed(noneOf, etag))) throw failed("If-None-Match");
    if (ifMatch !== undefined && !etagListed(ifMatch, etag)) throw failed("If-Match");
  };
  return { ifNoneMatch, check };
}

function failed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", { extra: { Condition: condition } });
}
