import { millisOfTimestamp } from "../../../core/bytes/timestamp.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { SegmentID, type StreamID } from "../../../proto/gen/metainfo_sat.js";
import { joinSealed, type Seal, splitSealed } from "./seal.js";

/** Field 8, length-delimited. */
const signatureTag = (8 << 3) | 2;

/** A segment id that was checked, with what every one has. */
export type OpenSegmentId = SegmentID & { readonly streamId: StreamID };

/** What a client holds of a segment being uploaded. The limits' own signatures are left out: this one covers them. */
export function sealSegmentId(seal: Seal, projectId: Uint8Array, id: SegmentID): Uint8Array {
  const none = new Uint8Array(0);
  const originalOrderLimits = id.originalOrderLimits.map((addressed) => ({
    ...addressed,
    limit: addressed.limit && { ...addressed.limit, satelliteSignature: none },
  }));
  const message = SegmentID.encode({ ...id, originalOrderLimits }).finish();
  return joinSealed(message, signatureTag, seal.sign("segment", projectId, message));
}

/** Reads a segment id that a client sent back; status 3 when it is not ours, or older than `maxAgeMs`. */
export function openSegmentId(
  seal: Seal,
  projectId: Uint8Array,
  bytes: Uint8Array,
  nowMs: number,
  maxAgeMs: number,
): OpenSegmentId {
  if (bytes.length === 0) throw rpcError(RpcStatus.InvalidArgument, "segment ID missing");
  const parts = splitSealed(bytes, signatureTag);
  if (parts === undefined || !seal.verify("segment", projectId, parts.message, parts.signature)) {
    throw rpcError(RpcStatus.InvalidArgument, "signature is not valid");
  }
  const id = SegmentID.decode(parts.message);
  if (id.streamId === undefined) throw rpcError(RpcStatus.InvalidArgument, "stream ID missing");
  if ((millisOfTimestamp(id.creationDate) ?? 0) < nowMs - maxAgeMs) {
    throw rpcError(RpcStatus.InvalidArgument, "segment ID expired");
  }
  return { ...id, streamId: id.streamId };
}
