import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { SegmentPosition as PositionMessage } from "../../../proto/gen/metainfo.js";
import type { SegmentPosition } from "../data/segment-record.js";

/** The position of a segment to write; absent means the first of part 0. Status 3 when it can not be one. */
export function segmentPosition(message: PositionMessage | undefined): SegmentPosition {
  const part = message?.partNumber ?? 0;
  const index = message?.index ?? 0;
  if (index < 0) throw rpcError(RpcStatus.InvalidArgument, "segment index must be greater then 0");
  if (part < 0) throw rpcError(RpcStatus.InvalidArgument, "part number must be greater then 0");
  return { part, index };
}

export function positionMessage(position: SegmentPosition): PositionMessage {
  return { partNumber: position.part, index: position.index };
}
