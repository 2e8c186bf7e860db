import { millisOfTimestamp } from "../../core/bytes/timestamp.js";
import { type NodeId, nodeIdText } from "../../core/identity/node-id.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import { bindService } from "../../core/rpc/transport.js";
import { PiecestoreDefinition } from "../../proto/gen/piecestore.js";
import { contactService, createCheckIns } from "./contact.js";
import { createDownloadHandler } from "./download.js";
import { completeOptions, type StorageNodeOptions } from "./options.js";
import { createLimitCheck } from "./order-limits.js";
import { openOrdersStore } from "./orders-store.js";
import { openPieceStore } from "./piece-store.js";
import { createAvailableSpace } from "./space.js";
import { createTransferStats, type NodeStats } from "./stats.js";
import { createTrust } from "./trust.js";
import { createUploadHandler } from "./upload.js";
import { createUsedSerials } from "./used-serials.js";

/** A running storage node. Whoever starts it stops it. */
export interface StorageNode {
  readonly nodeId: NodeId;
  /** "host:port" where others reach it. */
  readonly address: string;
  /** Tells all satellites of the node now. Rejects when one does not answer well. */
  checkIn(): Promise<void>;
  stats(): NodeStats;
  /** Lets running transfers go on for up to `graceMs` (0 when absent), then cancels them; keeps all orders. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

/**
 * Starts a node: opens its folder, serves piecestore.Piecestore and contact.Contact, and checks in with its
 * satellites. A satellite that is not there yet does not fail the start; it is asked again.
 */
export async function startStorageNode(init: StorageNodeOptions): Promise<StorageNode> {
  const options = completeOptions(init);
  const { dir, identity, transport, now, onProblem, durable } = options;
  const trust = createTrust(options.satellites, transport);
  const countUsed = Number.isFinite(options.capacityBytes);
  const [store, orders] = await Promise.all([
    openPieceStore({ dir, durable, countUsed }),
    openOrdersStore({ dir, durable, onProblem }),
  ]);
  const usedSerials = createUsedSerials(options.maxUsedSerials, now);
  // A restart forgets which limits were used, but not those that were worth something.
  for await (const { limit } of orders.recent(now() - options.orderGraceMs - 3_600_000)) {
    const expiresAt = (millisOfTimestamp(limit.orderCreation) ?? 0) + options.orderGraceMs;
    if (expiresAt > now()) usedSerials.add(limit.satelliteId, limit.serialNumber, expiresAt);
  }

  const availableSpace = createAvailableSpace({
    dir,
    capacityBytes: options.capacityBytes,
    reserveBytes: options.reserveBytes,
    usedBytes: () => store.usedBytes,
    now,
  });
  const parts = {
    identity,
    store,
    orders,
    checkLimit: createLimitCheck({
      nodeId: identity.nodeId,
      trust,
      usedSerials,
      orderGraceMs: options.orderGraceMs,
      expirationGraceMs: options.expirationGraceMs,
      now,
    }),
    availableSpace,
    uploads: createTransferStats(),
    downloads: createTransferStats(),
    maxTransfers: options.maxTransfers,
    messageTimeoutMs: options.messageTimeoutMs,
    now,
    faults: options.faults,
  };
  let lastPingAt: number | undefined;
  const unsupported = (what: string) => async () => {
    throw rpcError(RpcStatus.Unimplemented, `${what} is no longer supported`);
  };
  const services = [
    bindService(PiecestoreDefinition, {
      upload: createUploadHandler(parts),
      download: createDownloadHandler(parts),
      delete: unsupported("delete"),
      deletePieces: unsupported("delete pieces"),
      exists: unsupported("exists"),
    }),
    contactService(trust, () => {
      lastPingAt = now();
    }),
  ];
  const server = await options.serve(services).catch(async (error) => {
    await orders.close();
    throw error;
  });

  const problems = new Map<string, string>();
  let lastCheckInAt: number | undefined;
  const checkIns = createCheckIns({
    trust,
    transport,
    self: {
      address: options.publicAddress ?? server.address,
      version: options.version,
      email: options.email,
      wallet: options.wallet,
    },
    availableSpace,
    intervalMs: options.checkInIntervalMs,
    timeoutMs: options.checkInTimeoutMs,
    onResult(satellite, error) {
      const id = nodeIdText(satellite.id);
      if (error === undefined) problems.delete(id);
      else {
        problems.set(id, error instanceof Error ? error.message : "failed");
        onProblem(`check-in with satellite ${id} failed`, error);
      }
      if (problems.size === 0) lastCheckInAt = now();
    },
  });
  await checkIns.now().catch(() => undefined);

  return {
    nodeId: identity.nodeId,
    address: options.publicAddress ?? server.address,
    checkIn: () => checkIns.now(),
    stats: () => ({
      uploads: { ...parts.uploads },
      downloads: { ...parts.downloads },
      usedBytes: countUsed ? store.usedBytes : undefined,
      usedSerials: usedSerials.count,
      lastPingAt,
      lastCheckInAt,
      checkInProblem: problems.values().next().value,
    }),
    async stop(stopOptions) {
      await checkIns.stop();
      await server.stop(stopOptions);
      await orders.close();
    },
  };
}
