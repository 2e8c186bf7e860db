import { mkdir, stat } from "node:fs/promises";
import { PosternError } from "../../core/errors.js";
import type { Identity } from "../../core/identity/identity.js";
import { nodeUrlText } from "../../core/identity/node-url.js";
import { serveDrpc } from "../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../core/rpc/drpc/transport.js";
import type { BoundService, RunningServer, Transport } from "../../core/rpc/transport.js";
import { createBucketCache } from "./access/bucket-cache.js";
import { createAccess } from "./access/caller.js";
import { createUploadLimiter } from "./access/upload-limiter.js";
import { createUsage } from "./access/usage.js";
import { type Accounts, createAccounts } from "./accounts.js";
import { createCleanup } from "./chores/cleanup.js";
import { contactService } from "./contact/service.js";
import { type DatabaseOptions, openDatabase } from "./db/open-database.js";
import type { EdgeUrls } from "./edge-urls.js";
import { sealOf } from "./ids/seal.js";
import { metainfoService } from "./metainfo/service.js";
import { createNodeDirectory, type NodeDirectory } from "./nodes/directory.js";
import { createPinger } from "./nodes/pinger.js";
import { type SatelliteConfigInit, satelliteConfig } from "./options.js";
import { orderMetadataOf } from "./orders/order-metadata.js";
import { ordersService } from "./orders/settlement.js";
import type { SatelliteParts } from "./satellite-parts.js";
import { createUpkeep, type Upkeep } from "./upkeep/upkeep.js";

export interface SatelliteOptions extends SatelliteConfigInit, DatabaseOptions {
  /** Folder of the satellite's own, for satellite.db unless `database` says otherwise. Made if it is not there. */
  readonly dir: string;
  readonly identity: Identity;
  /** Where to listen; a free port of 127.0.0.1 when absent. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Starts the server of the services; DRPC at `listen` when absent. */
  readonly serve?: (services: readonly BoundService[]) => Promise<RunningServer>;
  /** How the satellite reaches storage nodes; DRPC when absent. */
  readonly transport?: Transport;
  /** Which nodes may join by checking in, which gets them called back and given data; all when absent. */
  readonly acceptsNode?: (nodeId: Uint8Array) => boolean;
  /** Hears of what goes wrong without a caller to tell. Never holds secrets. Nothing when absent. */
  readonly onProblem?: (message: string, error: unknown) => void;
  /** Sends a notification to a topic; no bucket can have notifications when absent. */
  readonly publishEvent?: (topic: string, event: Uint8Array) => Promise<void>;
  /** Clock, in milliseconds since 1970. */
  readonly now?: () => number;
}

export interface RunningSatellite extends Accounts, Upkeep {
  readonly nodeId: Uint8Array;
  /** "host:port" where it listens. */
  readonly address: string;
  /** "ID@host:port", as access grants name it. */
  readonly nodeUrl: string;
  readonly nodes: NodeDirectory;
  /** Which services clients are told to use; Storj's own, which know nothing of this satellite, until this is called. */
  setEdgeUrls(urls: EdgeUrls): void;
  /** Asks a node now whether it is there, and notes the answer, as happens by itself every now and then. */
  pingNode(nodeId: Uint8Array): Promise<boolean>;
  /** The node is gone for good: what it held is missing, which repair makes good. False when it is not known. */
  forgetNode(nodeId: Uint8Array): Promise<boolean>;
  /** Removes what has expired now, and returns how much that was. It happens by itself every now and then. */
  cleanup(): Promise<number>;
  /** Takes no new calls, gives running ones up to `graceMs` (2 000 when absent), and closes the database. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

/** Starts a satellite. One PosternError when its folder or database can not be used. */
export async function startSatellite(options: SatelliteOptions): Promise<RunningSatellite> {
  const { identity, dir, now = Date.now, onProblem = () => {} } = options;
  const config = satelliteConfig(options);
  await makeFolder(dir);
  const db = await openDatabase(options);
  try {
    const transport = options.transport ?? createDrpcTransport({ identity });
    const nodes = await createNodeDirectory(db, config.times.onlineWindowMs, now);
    const pinger = createPinger(transport, nodes, config.times, now);
    const parts: SatelliteParts = {
      identity,
      config,
      db,
      access: createAccess(db, config.rateLimit, now),
      usage: createUsage(db, config.usageLimits, now, onProblem),
      uploads: createUploadLimiter(config.uploadRate, now),
      buckets: createBucketCache(db, now),
      seal: sealOf(identity.privateKey),
      nodes,
      pinger,
      orderMetadata: orderMetadataOf(identity.privateKey),
      edgeUrls: { current: undefined },
      acceptsNode: options.acceptsNode ?? (() => true),
      publishEvent: options.publishEvent,
      onProblem,
      now,
    };
    const serve = options.serve ?? drpcServer(options, onProblem);
    const server = await serve([metainfoService(parts), contactService(parts), ordersService(parts)]);
    const cleanup = createCleanup(db, config.times, now);
    const upkeep = createUpkeep({ identity, config, db, directory: nodes, transport, onProblem, now });
    pinger.start();
    cleanup.start();
    upkeep.start();
    return {
      ...createAccounts(db, now),
      nodeId: identity.nodeId,
      address: server.address,
      nodeUrl: nodeUrlText({ id: identity.nodeId, address: server.address }),
      nodes,
      setEdgeUrls(urls) {
        parts.edgeUrls.current = urls;
      },
      pingNode: pinger.check,
      forgetNode: nodes.forget,
      cleanup: cleanup.run,
      repair: upkeep.repair,
      collectGarbage: upkeep.collectGarbage,
      audit: upkeep.audit,
      health: upkeep.health,
      usage: upkeep.usage,
      async stop({ graceMs = 2_000 } = {}) {
        await server.stop({ graceMs });
        await Promise.all([pinger.stop(), cleanup.stop(), upkeep.stop(), parts.usage.stop()]);
        await db.close();
      },
    };
  } catch (error) {
    await db.close();
    throw error;
  }
}

function drpcServer(options: SatelliteOptions, onProblem: (message: string, error: unknown) => void) {
  return (services: readonly BoundService[]) =>
    serveDrpc({
      identity: options.identity,
      services,
      listen: options.listen ?? { host: "127.0.0.1", port: 0 },
      onDefect: (error, path) => onProblem(`defect in ${path}`, error),
    });
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await stat(dir);
  } catch (cause) {
    throw new PosternError("unavailable", `the satellite's folder ${dir} can not be used`, { cause });
  }
}
