import type { Key, ListObjectsOptions } from "../../core/index.js";
import type { Call } from "./call.js";

/** Asks for one page of a listing; empty parameters mean nothing, as S3 has it. */
export function listingOptions(
  call: Call,
  request: { prefix: string; delimiter: string; cursor: Key | undefined; limit: number },
): ListObjectsOptions {
  const { prefix, delimiter, cursor, limit } = request;
  return {
    prefix: prefix || undefined,
    delimiter: delimiter || undefined,
    cursor: cursor?.length ? cursor : undefined,
    limit,
    signal: call.signal,
  };
}
