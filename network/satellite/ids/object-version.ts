import { RpcStatus, rpcError } from "../../../core/rpc/status.js";

/** What clients call a version: the number, big-endian, and the last 8 bytes of the stream id. */
export function objectVersion(version: number, streamId: Uint8Array): Uint8Array {
  const out = Buffer.alloc(16);
  out.writeBigInt64BE(BigInt(version));
  out.set(streamId.subarray(8, 16), 8);
  return out;
}

/** The number alone selects, as on the real satellite (metabase.StreamVersionID). */
export function versionNumber(objectVersion: Uint8Array): number {
  if (objectVersion.length !== 16) {
    throw rpcError(RpcStatus.InvalidArgument, "metabase: invalid request: invalid stream version id");
  }
  const version = Buffer.from(objectVersion).readBigInt64BE();
  // No object has a number beyond these bounds, which stay above and below all that are given out.
  if (version > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
  return version < 0n ? -1 : Number(version);
}
