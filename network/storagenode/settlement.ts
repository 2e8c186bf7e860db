import { PosternError } from "../../core/errors.js";
import type { Transport } from "../../core/rpc/transport.js";
import { OrdersDefinition, SettlementWithWindowResponse_Status } from "../../proto/gen/orders.js";
import type { SettlementStatus } from "./orders-file.js";
import type { OrdersStore, UnsentWindow } from "./orders-store.js";
import type { Trust, TrustedSatellite } from "./trust.js";

export interface SettlementParts {
  readonly orders: OrdersStore;
  readonly trust: Trust;
  readonly transport: Transport;
  readonly now: () => number;
}

/** Milliseconds that settled orders are kept. */
const archiveMs = 7 * 86_400_000;
/** Milliseconds to connect to a satellite, and for its answer once it has all orders of a window. */
const dialTimeoutMs = 60_000;
const answerTimeoutMs = 5 * 60_000;

export interface Settled {
  readonly accepted: number;
  readonly rejected: number;
}

/**
 * Sends all windows that are over to their satellites, one stream for each, and archives them by the answer; deletes
 * old archives. A satellite that does not answer is left for the next round; rejects in the end with what it failed
 * with. Source: storj/storj storagenode/orders/service.go.
 */
export async function settleOrders(parts: SettlementParts, signal: AbortSignal): Promise<Settled> {
  const { orders, trust, now } = parts;
  const failed = new Map<TrustedSatellite, unknown>();
  let [accepted, rejected] = [0, 0];
  for (const window of await orders.settleable(now())) {
    signal.throwIfAborted();
    const satellite = trust.find(window.satelliteId);
    if (satellite !== undefined && failed.has(satellite)) continue;
    let status: SettlementStatus = "REJECTED";
    try {
      // Nobody pays for orders of a satellite that is not trusted any more.
      if (satellite !== undefined) status = await settleWindow(parts, satellite, window, signal);
    } catch (error) {
      failed.set(satellite!, error);
      continue;
    }
    await orders.archive(window, status, now());
    if (status === "ACCEPTED") accepted++;
    else rejected++;
  }
  await orders.pruneArchive(now() - archiveMs);
  for (const error of failed.values()) throw error;
  return { accepted, rejected };
}

async function settleWindow(
  { transport }: SettlementParts,
  satellite: TrustedSatellite,
  window: UnsentWindow,
  signal: AbortSignal,
): Promise<SettlementStatus> {
  const target = { address: satellite.address, nodeId: satellite.id };
  const connection = await transport.dial(target, { signal, timeoutMs: dialTimeoutMs });
  const call = new AbortController();
  const timer = setTimeout(() => call.abort(), answerTimeoutMs).unref();
  try {
    const stream = connection.stream(OrdersDefinition, OrdersDefinition.methods.settlementWithWindow, {
      signal: AbortSignal.any([signal, call.signal]),
    });
    for await (const { limit, order } of window.entries()) {
      await stream.send({ limit, order });
      timer.refresh();
    }
    await stream.closeSend();
    const reply = await stream.receive();
    if (reply === undefined) throw new PosternError("protocol-error", "the satellite ended without an answer");
    return reply.status === SettlementWithWindowResponse_Status.ACCEPTED ? "ACCEPTED" : "REJECTED";
  } finally {
    clearTimeout(timer);
    await connection.close();
  }
}
