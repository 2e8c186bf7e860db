import { PosternError } from "../../core/errors.js";
import type { Identity } from "../../core/identity/identity.js";
import { serveDrpc } from "../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../core/rpc/drpc/transport.js";
import type { BoundService, RunningServer, Transport } from "../../core/rpc/transport.js";
import type { NodeFaults } from "./faults.js";
import type { TrustedSatellite } from "./trust.js";

export interface StorageNodeOptions {
  /** Folder of the node's own: pieces, orders. Made if it is not there. */
  dir: string;
  identity: Identity;
  /** Satellites whose order limits are honoured and with which the node checks in. */
  satellites: readonly TrustedSatellite[];
  /** "host:port" to listen at; "127.0.0.1:0" (a free port) when absent. */
  listen?: string;
  /** Starts the server of the node's services; DRPC at `listen` when absent. */
  serve?: (services: readonly BoundService[]) => Promise<RunningServer>;
  /** How the node reaches satellites; DRPC when absent. */
  transport?: Transport;
  /** "host:port" where others reach the node; where it listens when absent. */
  publicAddress?: string;
  /**
   * Bytes that pieces may take, those in the trash too; what the disk holds when absent. With a capacity the start
   * waits until all piece files are counted; else that is done beside.
   */
  capacityBytes?: number;
  /** Bytes of the disk that are left free; 128 MiB when absent. */
  reserveBytes?: number;
  /** False: pieces may be lost when the machine (not just the process) crashes. True when absent. */
  durable?: boolean;
  /** False: each piece has a file of its own, the small ones too. True when absent. */
  packed?: boolean;
  /** Uploads and downloads at a time; more are refused with status 14. 400 when absent: each may hold 0.75 MiB. */
  maxTransfers?: number;
  /** Used order limits that are remembered; 100 000 when absent. */
  maxUsedSerials?: number;
  /** Milliseconds to wait for a message of a caller; 30 minutes when absent, as the real node. */
  messageTimeoutMs?: number;
  /** Milliseconds after its creation in which an order limit is honoured; an hour when absent. */
  orderGraceMs?: number;
  /** Milliseconds that expirations of pieces and orders may have passed; 48 hours when absent. */
  expirationGraceMs?: number;
  /** Milliseconds after which expired pieces are looked for again; an hour when absent. */
  collectIntervalMs?: number;
  /** Milliseconds that pieces stay in the trash; 7 days when absent. Days begin at midnight, UTC. */
  trashKeptMs?: number;
  /** Milliseconds after which old trash is looked for again; a day when absent. */
  trashIntervalMs?: number;
  /** Milliseconds that a piece must be older than a filter of garbage collection; 72 hours when absent. */
  retainSkewMs?: number;
  /** Milliseconds after which orders of hours that are over are sent to satellites; an hour when absent. */
  settleIntervalMs?: number;
  /** Free bytes below which satellites hear at once how many are left; 5 GB when absent, as the real node. */
  lowSpaceBytes?: number;
  /** Milliseconds between such messages; 10 minutes when absent. */
  lowSpaceIntervalMs?: number;
  /** Milliseconds between check-ins; an hour when absent. */
  checkInIntervalMs?: number;
  /** Milliseconds for one check-in; 15 000 when absent. */
  checkInTimeoutMs?: number;
  /** Semantic version that satellites are told; "v1.0.0" when absent. */
  version?: string;
  /** Told to satellites; empty when absent. */
  email?: string;
  wallet?: string;
  /** Hears of what goes wrong without a caller to tell. Never holds secrets. Nothing when absent. */
  onProblem?: (message: string, error: unknown) => void;
  /** Clock, in milliseconds since 1970. */
  now?: () => number;
  /** For tests. */
  faults?: NodeFaults;
}

export type CompleteOptions = Required<Omit<StorageNodeOptions, "publicAddress">> &
  Pick<StorageNodeOptions, "publicAddress">;

const hour = 3_600_000;

/** Fills in what is absent. `invalid-argument` for what makes no sense. */
export function completeOptions(options: StorageNodeOptions): CompleteOptions {
  const complete = {
    listen: "127.0.0.1:0",
    capacityBytes: Number.POSITIVE_INFINITY,
    reserveBytes: 128 * 1024 * 1024,
    durable: true,
    packed: true,
    maxTransfers: 400,
    maxUsedSerials: 100_000,
    messageTimeoutMs: hour / 2,
    orderGraceMs: hour,
    expirationGraceMs: 48 * hour,
    collectIntervalMs: hour,
    trashKeptMs: 7 * 24 * hour,
    trashIntervalMs: 24 * hour,
    retainSkewMs: 72 * hour,
    settleIntervalMs: hour,
    lowSpaceBytes: 5_000_000_000,
    lowSpaceIntervalMs: hour / 6,
    checkInIntervalMs: hour,
    checkInTimeoutMs: 15_000,
    version: "v1.0.0",
    email: "",
    wallet: "",
    onProblem: () => undefined,
    now: Date.now,
    faults: {},
    ...definedOf(options),
  };
  // Longer ones than `timers` allows do not fit a timer of Node.js.
  const timers = [
    complete.messageTimeoutMs,
    complete.collectIntervalMs,
    complete.trashIntervalMs,
    complete.settleIntervalMs,
    complete.lowSpaceIntervalMs,
    complete.checkInIntervalMs,
    complete.checkInTimeoutMs,
  ];
  const positive = [...timers, complete.maxTransfers, complete.maxUsedSerials];
  const natural = [
    complete.capacityBytes,
    complete.reserveBytes,
    complete.orderGraceMs,
    complete.expirationGraceMs,
    complete.trashKeptMs,
    complete.retainSkewMs,
    complete.lowSpaceBytes,
  ];
  if (!positive.every((n) => n > 0) || !natural.every((n) => n >= 0) || !timers.every((n) => n < 2 ** 31)) {
    throw new PosternError("invalid-argument", "storage node: a limit or a time is out of range");
  }
  const { identity, listen, onProblem } = complete;
  const serveAtListen: CompleteOptions["serve"] = (services) =>
    serveDrpc({
      identity,
      services,
      listen: splitAddress(listen),
      onDefect: (error, path) => onProblem(`defect in ${path}`, error),
    });
  return {
    ...complete,
    transport: complete.transport ?? createDrpcTransport({ identity }),
    serve: complete.serve ?? serveAtListen,
  };
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^(.+):([0-9]{1,5})$/.exec(address);
  if (match === null) throw new PosternError("invalid-argument", "an address to listen at has the form host:port");
  return { host: match[1]!.replace(/^\[(.*)\]$/, "$1"), port: Number(match[2]) };
}

/** An option that is given as undefined is absent. */
function definedOf(options: StorageNodeOptions): StorageNodeOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as StorageNodeOptions;
}
