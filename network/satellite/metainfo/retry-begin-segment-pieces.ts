import { signOrderLimit } from "../../../core/identity/signing.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type {
  AddressedOrderLimit,
  RetryBeginSegmentPiecesRequest,
  RetryBeginSegmentPiecesResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { openSegmentId, sealSegmentId } from "../ids/segment-id.js";
import { selectNodes } from "../nodes/select.js";
import { addressedLimit } from "../orders/order-limits.js";
import type { Handler } from "./handler.js";

export const retryBeginSegmentPieces: Handler<RetryBeginSegmentPiecesRequest, RetryBeginSegmentPiecesResponse> = async (
  satellite,
  request,
) => {
  const caller = await satellite.access.caller(request.header, { tolerant: true });
  const projectId = caller.project.id;
  const { times, minFreeDisk } = satellite.config;
  const id = openSegmentId(satellite.seal, projectId, request.segmentId, caller.time, times.segmentCommitMs);
  await caller.require({ op: Action.Write, bucket: id.streamId.bucket, path: id.streamId.encryptedObjectKey });

  const retried = request.retryPieceNumbers;
  checkPieceNumbers(retried, id.originalOrderLimits.length);
  for (const number of retried) satellite.pinger.suspect(id.originalOrderLimits[number]!.limit!.storageNodeId);

  const nodes = selectNodes(satellite.nodes, {
    count: retried.length,
    least: retried.length,
    exclude: id.originalOrderLimits.map((addressed) => addressed.limit!.storageNodeId),
    minFreeDisk,
  });
  // The id carries limits without their signatures, so those that stay are signed again.
  const addressedLimits: AddressedOrderLimit[] = id.originalOrderLimits.map((addressed, number) => {
    const at = retried.indexOf(number);
    if (at < 0) return { ...addressed, limit: signOrderLimit(addressed.limit!, satellite.identity) };
    return addressedLimit(satellite.identity, addressed.limit!, id.rootPieceId, nodes[at]!, number);
  });
  const segmentId = sealSegmentId(satellite.seal, projectId, { ...id, originalOrderLimits: addressedLimits });
  return { segmentId, addressedLimits };
};

function checkPieceNumbers(numbers: readonly number[], total: number): void {
  if (numbers.length === 0) {
    throw rpcError(RpcStatus.InvalidArgument, "piece numbers to exchange cannot be empty");
  }
  const seen = new Set<number>();
  for (const number of numbers) {
    if (number < 0 || number >= total) {
      throw rpcError(RpcStatus.InvalidArgument, `piece number ${number} must be within range [0,${total - 1}]`);
    }
    if (seen.has(number)) throw rpcError(RpcStatus.InvalidArgument, `piece number ${number} is duplicated`);
    seen.add(number);
  }
}
