import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { StreamID } from "../../../proto/gen/metainfo_sat.js";
import { joinSealed, type Seal, splitSealed } from "./seal.js";

/** Field 9, length-delimited. */
const signatureTag = (9 << 3) | 2;

/** What a client holds of an upload or object: opaque to it, and only of use within the project. */
export function sealStreamId(seal: Seal, projectId: Uint8Array, id: StreamID): Uint8Array {
  const message = StreamID.encode(id).finish();
  return joinSealed(message, signatureTag, seal.sign("stream", projectId, message));
}

/** Reads a stream id that a client sent back; status 3 when it is not one of this satellite and project. */
export function openStreamId(seal: Seal, projectId: Uint8Array, bytes: Uint8Array): StreamID {
  const parts = splitSealed(bytes, signatureTag);
  if (parts === undefined || !seal.verify("stream", projectId, parts.message, parts.signature)) {
    throw rpcError(RpcStatus.InvalidArgument, "signature verification: signature is not valid");
  }
  return StreamID.decode(parts.message);
}
