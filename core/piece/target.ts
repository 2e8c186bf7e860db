import type { AddressedOrderLimit } from "../../proto/gen/metainfo.js";
import type { OrderLimit } from "../../proto/gen/orders.js";
import { PosternError } from "../errors.js";
import type { Target } from "../rpc/transport.js";

/** Whom an order limit is for, and where to dial it. */
export interface PieceTarget extends Target {
  readonly nodeId: Uint8Array;
  readonly limit: OrderLimit;
}

/** @throws PosternError protocol-error when the limit or the address is missing. */
export function pieceTarget({ limit, storageNodeAddress }: AddressedOrderLimit): PieceTarget {
  if (limit === undefined || limit.storageNodeId.length !== 32 || !storageNodeAddress?.address) {
    throw new PosternError("protocol-error", "order limit without node or address");
  }
  return { limit, nodeId: limit.storageNodeId, address: storageNodeAddress.address };
}
