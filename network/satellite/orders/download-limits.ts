import type { Identity } from "../../../core/identity/identity.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { AddressedOrderLimit } from "../../../proto/gen/metainfo.js";
import type { NodeRecord } from "../data/nodes.js";
import { decodePieces } from "../data/pieces.js";
import { pieceSizeOf, type Redundancy, type SegmentRecord } from "../data/segment-record.js";
import type { NodeDirectory } from "../nodes/directory.js";
import { shuffle } from "../nodes/select.js";
import { createOrderSigner, downloadAction, type OrderSignerInit } from "./order-limits.js";

export interface DownloadLimits {
  /** `total` entries in order of piece numbers; one without a limit stands for a piece that is not offered. */
  readonly addressedLimits: AddressedOrderLimit[];
  readonly privateKey: Uint8Array;
}

/**
 * Nodes to offer for a download: k and as many more as, in proportion, uploads have nodes above the success threshold
 * (storj/storj satellite/orders/service.go DownloadNodes).
 */
export function downloadNodes({ required, optimal, total }: Redundancy): number {
  const extra = optimal > 0 ? Math.floor(((total - optimal) * required) / optimal) : 1;
  return Math.min(total, required + Math.max(1, extra));
}

export interface DownloadLimitsInit {
  readonly segment: SegmentRecord;
  /** Bytes of a piece that will be read; all of them when absent or more than there are. */
  readonly orderLimit: number | undefined;
  /** More nodes than usual, if the caller wants that many. */
  readonly desiredNodes: number;
  readonly nowMs: number;
  readonly expirationMs: number;
  readonly metadata: OrderSignerInit["metadata"];
}

/** Limits for a random choice of the online nodes that hold a segment; status 13 when they are fewer than k. */
export function createDownloadLimits(
  satellite: Identity,
  directory: NodeDirectory,
  init: DownloadLimitsInit,
): DownloadLimits {
  const { segment } = init;
  const pieceSize = pieceSizeOf(segment, segment.encryptedSize);
  const wanted = init.orderLimit === undefined || init.orderLimit <= 0 ? pieceSize : init.orderLimit;
  const signer = createOrderSigner(satellite, {
    action: downloadAction,
    limit: Math.min(wanted, pieceSize),
    nowMs: init.nowMs,
    expirationMs: init.expirationMs,
    metadata: init.metadata,
    rootPieceId: segment.rootPieceId!,
  });

  const holders: { number: number; node: NodeRecord }[] = [];
  for (const { number, nodeId } of decodePieces(segment.pieces!)) {
    const node = directory.get(nodeId);
    if (node !== undefined && number < segment.total && directory.isOnline(node)) holders.push({ number, node });
  }
  if (holders.length < segment.required) {
    throw rpcError(RpcStatus.Internal, "unable to create order limits");
  }

  const addressedLimits: AddressedOrderLimit[] = Array.from({ length: segment.total }, () => ({
    limit: undefined,
    storageNodeAddress: undefined,
    tags: {},
  }));
  const needed = Math.max(downloadNodes(segment), init.desiredNodes);
  for (const { number, node } of shuffle(holders).slice(0, needed)) {
    addressedLimits[number] = signer.limitFor(node, number);
  }
  return { addressedLimits, privateKey: signer.privateKey };
}
