import { millisOfTimestamp } from "../../core/bytes/timestamp.js";
import { type NodeId, nodeIdText } from "../../core/identity/node-id.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import { bindService } from "../../core/rpc/transport.js";
import { PiecestoreDefinition } from "../../proto/gen/piecestore.js";
import { createAmnesty } from "./amnesty.js";
import { type CheckIns, contactService, createCheckIns } from "./contact.js";
import { createDownloadHandler } from "./download.js";
import { type Expirations, openExpirations } from "./expirations.js";
import { type CompleteOptions, completeOptions, type StorageNodeOptions } from "./options.js";
import { createLimitCheck } from "./order-limits.js";
import { openOrdersStore } from "./orders-store.js";
import { openPieceStore } from "./piece-store.js";
import { openRetainQueue } from "./retain.js";
import { createRetainHandlers } from "./retain-handlers.js";
import { createSpace } from "./space.js";
import { createTransferStats, type NodeStats } from "./stats.js";
import type { TransferParts } from "./transfer.js";
import { createTrust } from "./trust.js";
import { startUpkeep } from "./upkeep.js";
import { createUploadHandler } from "./upload.js";
import { createUsedSerials } from "./used-serials.js";

/** A running storage node. Whoever starts it stops it. */
export interface StorageNode {
  readonly nodeId: NodeId;
  /** "host:port" where others reach it. */
  readonly address: string;
  /** Tells all satellites of the node now. Rejects when one does not answer well. */
  checkIn(): Promise<void>;
  /** Rounds of what the node does by itself now and then, at once. Each resolves when its round is over. */
  readonly upkeep: {
    /** Deletes pieces whose time is over. */
    collectExpired(): Promise<void>;
    /** Works on the filters of garbage collection that came, and on what is to be taken out of the trash. */
    retain(): Promise<void>;
    /** Deletes what was in the trash for long enough. */
    emptyTrash(): Promise<void>;
    /** Sends orders of hours that are over to their satellites. */
    settleOrders(): Promise<void>;
  };
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
  const { dir, identity, transport, now, onProblem, durable, orderGraceMs } = options;
  const trust = createTrust(options.satellites, transport);
  const [store, orders, expirations] = await Promise.all([
    openPieceStore({ dir, durable, packed: options.packed, onProblem }),
    openOrdersStore({ dir, durable, orderGraceMs, onProblem }),
    openExpirations(dir),
  ]);
  let trashed = 0;
  const retainQueue = await openRetainQueue({
    dir,
    store,
    now,
    skewMs: options.retainSkewMs,
    onRetained: (_satelliteId, retained) => {
      trashed += retained.trashed;
    },
    onProblem,
  });
  const usedSerials = createUsedSerials(options.maxUsedSerials, now);
  // A restart forgets which limits were used, but not those that were worth something.
  for await (const { limit } of orders.recent(now() - orderGraceMs - 3_600_000)) {
    const expiresAt = (millisOfTimestamp(limit.orderCreation) ?? 0) + orderGraceMs;
    if (expiresAt > now()) usedSerials.add(limit.satelliteId, limit.serialNumber, expiresAt);
  }
  const stopped = new AbortController();
  const counting = store.countUsed(stopped.signal);
  counting.catch((error) => {
    if (!stopped.signal.aborted) onProblem("the pieces could not be counted", error);
  });
  if (Number.isFinite(options.capacityBytes)) await counting;

  const space = createSpace({
    dir,
    capacityBytes: options.capacityBytes,
    reserveBytes: options.reserveBytes,
    usedBytes: () => store.usedBytes ?? Number.POSITIVE_INFINITY,
    now,
  });
  let available: number | undefined;
  async function lookAtSpace(): Promise<number> {
    available = await space.available();
    return available;
  }

  let checkIns: CheckIns | undefined;
  function tellLowSpace(): void {
    if (available !== undefined && available < options.lowSpaceBytes) checkIns?.spaceChanged();
  }

  const amnesty = createAmnesty({
    transport,
    timeoutMs: options.checkInTimeoutMs,
    onProblem: (error) => onProblem("lost pieces could not be told", error),
  });
  let lost = 0;
  const parts: TransferParts = {
    identity,
    store,
    orders,
    checkLimit: createLimitCheck({
      nodeId: identity.nodeId,
      trust,
      usedSerials,
      orderGraceMs,
      expirationGraceMs: options.expirationGraceMs,
      now,
    }),
    async reserveSpace(pieceSize) {
      try {
        return await space.reserve(pieceSize);
      } finally {
        await lookAtSpace();
        tellLowSpace();
      }
    },
    noteExpiration: (limit) => noteExpiration(expirations, limit),
    onLostPiece({ satelliteId, pieceId }, reason) {
      lost++;
      onProblem("a damaged piece was found", undefined);
      const satellite = trust.find(satelliteId);
      if (satellite !== undefined) amnesty.report(satellite, pieceId, reason);
    },
    uploads: createTransferStats(),
    downloads: createTransferStats(),
    maxTransfers: options.maxTransfers,
    messageTimeoutMs: options.messageTimeoutMs,
    now,
    faults: options.faults,
  };
  const upkeep = startUpkeep({
    store,
    expirations,
    retainQueue,
    orders,
    trust,
    transport,
    now,
    options,
    ready: counting.catch(() => undefined),
    onFreed: tellLowSpace,
  });
  let lastPingAt: number | undefined;
  const services = [
    bindService(PiecestoreDefinition, {
      upload: createUploadHandler(parts),
      download: createDownloadHandler(parts),
      ...createRetainHandlers({
        trust,
        queue: retainQueue,
        wake: () => void upkeep.retain.now().catch((error) => onProblem("garbage collection failed", error)),
        restoreTrash: upkeep.restoreTrash,
      }),
      ...unsupportedHandlers,
    }),
    contactService(trust, () => {
      lastPingAt = now();
    }),
  ];
  const server = await options.serve(services).catch(async (error) => {
    stopped.abort();
    await upkeep.stop();
    await Promise.all([orders.close(), store.close()]);
    throw error;
  });
  const self = selfOf(options, server.address);
  const problems = new Map<string, string>();
  let lastCheckInAt: number | undefined;
  const started = createCheckIns({
    trust,
    transport,
    self,
    availableSpace: lookAtSpace,
    intervalMs: options.checkInIntervalMs,
    timeoutMs: options.checkInTimeoutMs,
    spaceIntervalMs: options.lowSpaceIntervalMs,
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
  checkIns = started;
  await started.now().catch(() => undefined);

  return {
    nodeId: identity.nodeId,
    address: self.address,
    checkIn: () => started.now(),
    upkeep: {
      collectExpired: () => upkeep.collect.now(),
      retain: () => upkeep.retain.now(),
      emptyTrash: () => upkeep.emptyTrash.now(),
      settleOrders: () => upkeep.settle.now(),
    },
    stats: () => ({
      uploads: { ...parts.uploads },
      downloads: { ...parts.downloads },
      usedBytes: store.usedBytes,
      trashBytes: store.trashBytes,
      availableBytes: available,
      ...upkeep.counts,
      trashed,
      lost,
      usedSerials: usedSerials.count,
      lastPingAt,
      lastCheckInAt,
      checkInProblem: problems.values().next().value,
    }),
    async stop(stopOptions) {
      stopped.abort();
      await started.stop();
      await server.stop(stopOptions);
      await Promise.all([upkeep.stop(), amnesty.stop()]);
      await Promise.all([orders.close(), store.close()]);
    },
  };
}

function selfOf({ publicAddress, version, email, wallet }: CompleteOptions, listening: string) {
  return { address: publicAddress ?? listening, version, email, wallet };
}

/** Years past 9999 have no name of a file, and are not waited for. */
const lastExpiration = Date.UTC(9999, 11, 31);

async function noteExpiration(
  expirations: Expirations,
  { satelliteId, pieceId, pieceExpiration }: Parameters<TransferParts["noteExpiration"]>[0],
): Promise<void> {
  const expiresAt = millisOfTimestamp(pieceExpiration);
  if (expiresAt !== undefined && expiresAt < lastExpiration) await expirations.add(satelliteId, pieceId, expiresAt);
}

/** Calls that nodes had once: satellites collect garbage by filters instead. */
const unsupportedHandlers = {
  delete: unsupported("delete"),
  deletePieces: unsupported("delete pieces"),
  exists: unsupported("exists"),
};

function unsupported(what: string) {
  return async (): Promise<never> => {
    throw rpcError(RpcStatus.Unimplemented, `${what} is no longer supported`);
  };
}
