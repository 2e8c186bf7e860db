import { createPublicKey, type KeyObject } from "node:crypto";
import { equalBytes, toHex } from "../../../core/bytes/bytes.js";
import { millisOfTimestamp } from "../../../core/bytes/timestamp.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { verifyOrder, verifyOrderLimit } from "../../../core/identity/signing.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { type BoundService, bindService, type CallContext } from "../../../core/rpc/transport.js";
import {
  OrdersDefinition,
  type PieceAction,
  type SettlementRequest,
  type SettlementWithWindowResponse,
  SettlementWithWindowResponse_Status as Status,
} from "../../../proto/gen/orders.js";
import { type BucketBandwidth, settleWindow } from "../data/settlements.js";
import { microsOfMillis } from "../data/times.js";
import type { SatelliteParts } from "../satellite-parts.js";
import type { OrderOwner } from "./order-metadata.js";

const hourMs = 3_600_000;
/** Orders of one hour that one node may settle; their serial numbers are in memory meanwhile. */
const maxOrders = 1_000_000;

/** Nodes hand in what uplinks signed for (storj/storj satellite/orders/endpoint.go). */
export function ordersService(satellite: SatelliteParts): BoundService {
  const satelliteKey = createPublicKey(satellite.identity.privateKey);
  return bindService(OrdersDefinition, {
    settlementWithWindow: (requests, context) => settlement(satellite, satelliteKey, requests, context),
  });
}

/**
 * Adds up the orders of one hour. Those that are no good are skipped; nothing good is a rejection. An hour that was
 * settled before is accepted again only when it is the same: a node that lost the answer may repeat itself.
 */
async function settlement(
  satellite: SatelliteParts,
  satelliteKey: KeyObject,
  requests: AsyncIterable<SettlementRequest>,
  { peerChain }: CallContext,
): Promise<SettlementWithWindowResponse> {
  if (peerChain === undefined) throw rpcError(RpcStatus.Unauthenticated, "order endpoint: no peer identity");
  const { nodeId } = verifyChain(peerChain);
  if (satellite.nodes.get(nodeId) === undefined) {
    throw rpcError(RpcStatus.PermissionDenied, "order endpoint: node is not known");
  }
  const serials = new Set<string>();
  const buckets = new Map<string, BucketBandwidth>();
  const actions = new Map<number, number>();
  let window: number | undefined;
  let received = 0;
  for await (const request of requests) {
    if (++received > maxOrders) throw rpcError(RpcStatus.ResourceExhausted, "too many orders in one window");
    const good = goodOrder(satellite, satelliteKey, nodeId, request);
    if (good === undefined) continue;
    window ??= good.window;
    if (good.window !== window || serials.has(good.serial)) continue;
    serials.add(good.serial);
    actions.set(good.action, (actions.get(good.action) ?? 0) + good.amount);
    if (good.owner !== undefined) addTo(buckets, good.owner, good.action, good.amount);
  }
  const actionSettled = Object.fromEntries(actions);
  if (window === undefined) return { status: Status.REJECTED, actionSettled: {} };
  const accepted = await satellite.db.write((tx) =>
    settleWindow(tx, {
      nodeId,
      window: microsOfMillis(window),
      settled: JSON.stringify([...actions].sort(([a], [b]) => a - b)),
      buckets: [...buckets.values()],
      now: microsOfMillis(satellite.now()),
    }),
  );
  return accepted ? { status: Status.ACCEPTED, actionSettled } : { status: Status.REJECTED, actionSettled: {} };
}

interface GoodOrder {
  readonly serial: string;
  /** Milliseconds: begin of the hour in which the limit was made. */
  readonly window: number;
  readonly action: PieceAction;
  readonly amount: number;
  /** Undefined for the satellite's own traffic. */
  readonly owner: OrderOwner | undefined;
}

function goodOrder(
  satellite: SatelliteParts,
  satelliteKey: KeyObject,
  nodeId: Uint8Array,
  { limit, order }: SettlementRequest,
): GoodOrder | undefined {
  if (limit === undefined || order === undefined) return undefined;
  const created = millisOfTimestamp(limit.orderCreation);
  const expires = millisOfTimestamp(limit.orderExpiration);
  if (created === undefined || expires === undefined || expires < satellite.now()) return undefined;
  const own = equalBytes(limit.storageNodeId, nodeId) && equalBytes(limit.serialNumber, order.serialNumber);
  if (!own || order.amount < 0 || order.amount > limit.limit) return undefined;
  // The two cheap checks were first: these cost most.
  if (!verifyOrderLimit(limit, satelliteKey) || !verifyOrder(order, limit.uplinkPublicKey)) return undefined;
  return {
    serial: toHex(limit.serialNumber),
    window: created - (created % hourMs),
    action: limit.action,
    amount: order.amount,
    owner: satellite.orderMetadata.open(limit.encryptedMetadataKeyId, limit.encryptedMetadata),
  };
}

function addTo(buckets: Map<string, BucketBandwidth>, owner: OrderOwner, action: PieceAction, amount: number): void {
  const key = `${toHex(owner.projectId)} ${toHex(owner.bucket)} ${action}`;
  const settled = (buckets.get(key)?.settled ?? 0) + amount;
  buckets.set(key, { projectId: owner.projectId, bucket: owner.bucket, action, settled });
}
