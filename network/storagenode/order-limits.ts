import { equalBytes } from "../../core/bytes/bytes.js";
import { goZeroSeconds, isZeroTime, millisOfTimestamp, type Timestamp } from "../../core/bytes/timestamp.js";
import { isZeroNodeId, type NodeId, nodeIdSize, nodeIdText, sameNode } from "../../core/identity/node-id.js";
import { pieceIdSize } from "../../core/identity/piece-id.js";
import { serialNumberSize } from "../../core/identity/serial-number.js";
import { verifyOrder, verifyOrderLimit } from "../../core/identity/signing.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { Order, OrderLimit } from "../../proto/gen/orders.js";
import type { Trust } from "./trust.js";
import type { UsedSerials } from "./used-serials.js";

export interface LimitCheckOptions {
  readonly nodeId: NodeId;
  readonly trust: Trust;
  readonly usedSerials: UsedSerials;
  /** Milliseconds after its creation in which an order limit is honoured. */
  readonly orderGraceMs: number;
  /** Milliseconds that expirations of pieces and orders may have passed. */
  readonly expirationGraceMs: number;
  readonly now: () => number;
}

/** Refuses an order limit, or uses its serial number up. */
export type LimitCheck = (limit: OrderLimit) => Promise<void>;

/**
 * The checks of the first message of an upload or a download, in the real node's order and with its statuses and
 * texts. Source: storj/storj storagenode/piecestore/verification.go.
 */
export function createLimitCheck(options: LimitCheckOptions): LimitCheck {
  const { nodeId, trust, usedSerials, orderGraceMs } = options;

  return async (limit) => {
    checkFields(limit, options);
    const satellite = trust.find(limit.satelliteId);
    if (satellite === undefined) throw rpcError(RpcStatus.PermissionDenied, "trust: satellite is untrusted");
    const leafKey = await trust.leafKey(satellite).catch((cause) => {
      throw rpcError(RpcStatus.Unauthenticated, "untrusted: unable to get signee", cause);
    });
    if (!verifyOrderLimit(limit, leafKey)) {
      throw rpcError(
        RpcStatus.Unauthenticated,
        "untrusted: invalid order limit signature: signature verification: signature is not valid",
      );
    }
    const created = millisOfTimestamp(limit.orderCreation) ?? 0;
    if (!usedSerials.add(limit.satelliteId, limit.serialNumber, created + orderGraceMs)) {
      throw rpcError(RpcStatus.Unauthenticated, "used serial already exists in store");
    }
  };

  function checkFields(limit: OrderLimit, { expirationGraceMs, now }: LimitCheckOptions): void {
    if (limit.limit < 0) throw invalid("order limit is negative");
    if (limit.storageNodeId.length !== nodeIdSize || !sameNode(limit.storageNodeId, nodeId)) {
      const other = limit.storageNodeId.length === nodeIdSize ? nodeIdText(limit.storageNodeId) : "";
      throw invalid(`order intended for other storagenode: ${other}`);
    }
    const time = now();
    const expired = (at: Timestamp | undefined) => (millisOfTimestamp(at) ?? Infinity) < time - expirationGraceMs;
    if (expired(limit.pieceExpiration)) throw invalid(`piece expired: ${goTime(limit.pieceExpiration)}`);
    if (expired(limit.orderExpiration)) throw invalid(`order expired: ${goTime(limit.orderExpiration)}`);
    const created = millisOfTimestamp(limit.orderCreation) ?? goZeroSeconds * 1000;
    const clock = () => goTime({ seconds: Math.floor(time / 1000), nanos: (time % 1000) * 1_000_000 });
    if (time - created > orderGraceMs) {
      throw invalid(
        `order created too long ago: OrderCreation ${goTime(limit.orderCreation)} < SystemClock ${clock()}`,
      );
    }
    if (created - time > orderGraceMs) {
      throw invalid(
        `order created too far in the future: OrderCreation ${goTime(limit.orderCreation)} > SystemClock ${clock()}`,
      );
    }
    if (limit.satelliteId.length !== nodeIdSize || isZeroNodeId(limit.satelliteId)) {
      throw invalid("missing satellite id");
    }
    if (limit.uplinkPublicKey.length !== 32) throw invalid("missing uplink public key");
    if (limit.satelliteSignature.length === 0) throw invalid("missing satellite signature");
    if (limit.pieceId.length !== pieceIdSize || isZeroNodeId(limit.pieceId)) throw invalid("missing piece id");
    // Go's decoder refuses other lengths before its handler sees them.
    if (limit.serialNumber.length !== serialNumberSize) throw invalid("missing serial number");
  }
}

/** An order must continue those before it, stay within the limit, and be signed by the uplink. */
export function checkOrder(limit: OrderLimit, order: Order, previousAmount: number): void {
  if (!equalBytes(order.serialNumber, limit.serialNumber)) throw invalid("order serial number changed during upload");
  if (order.amount < previousAmount) {
    throw invalid(`order contained smaller amount=${order.amount}, previous=${previousAmount}`);
  }
  if (order.amount > limit.limit) {
    throw invalid(`order exceeded allowed amount=${order.amount}, limit=${limit.limit}`);
  }
  if (!verifyOrder(order, limit.uplinkPublicKey)) {
    throw rpcError(RpcStatus.Unauthenticated, "signing: piece key: invalid signature");
  }
}

function invalid(text: string): Error {
  return rpcError(RpcStatus.InvalidArgument, text);
}

/** As Go prints a time in UTC. */
function goTime(time: Timestamp | undefined): string {
  const { seconds, nanos } = time === undefined || isZeroTime(time) ? { seconds: goZeroSeconds, nanos: 0 } : time;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "(invalid time)";
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  return `${date.toISOString().slice(0, 19).replace("T", " ")}${fraction} +0000 UTC`;
}
