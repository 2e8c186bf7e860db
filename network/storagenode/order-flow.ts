import { isPosternError, type PosternError, toPosternError } from "../../core/errors.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import { Order, type OrderLimit } from "../../proto/gen/orders.js";
import type { PieceDownloadRequest } from "../../proto/gen/piecestore.js";
import { checkOrder } from "./order-limits.js";
import type { Receiver } from "./receiver.js";

/** The orders of a download, as they arrive beside the data that goes out. */
export interface OrderFlow {
  /** The order over most bytes so far. */
  readonly largest: Order;
  /** The caller sends no more: it has all it wanted, or was called off. Nothing more is to be sent either. */
  readonly ended: boolean;
  /** Resolves at the next order or at the end. Rejects when the caller's orders are no good. */
  changed(): Promise<void>;
}

/**
 * Reads orders until the caller closes. `first` is an order that came with the limit.
 * Errors are 13 whatever they were: storj/storj storagenode/piecestore/endpoint.go wraps what ends a download.
 */
export function startOrderFlow(
  limit: OrderLimit,
  receiver: Receiver<PieceDownloadRequest>,
  first: Order | undefined,
): OrderFlow {
  let largest = Order.create();
  let ended = false;
  let failure: PosternError | undefined;
  let wake: (() => void) | undefined;

  function take(order: Order): void {
    checkOrder(limit, order, largest.amount);
    largest = order;
    wake?.();
  }

  async function run(): Promise<void> {
    try {
      if (first !== undefined) take(first);
      for (;;) {
        const message = await receiver.next();
        if (message === undefined) return;
        if (message.order === undefined) {
          throw rpcError(RpcStatus.InvalidArgument, "expected order as the message");
        }
        take(message.order);
      }
    } catch (error) {
      if (!isPosternError(error, "canceled")) {
        failure = rpcError(RpcStatus.Internal, toPosternError(error, "internal", "internal error").message, error);
      }
    } finally {
      ended = true;
      wake?.();
    }
  }

  void run();
  return {
    get largest() {
      return largest;
    },
    get ended() {
      return ended;
    },
    async changed() {
      if (!ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
      if (failure !== undefined) throw failure;
    },
  };
}
