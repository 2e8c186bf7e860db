import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../core/bytes/bytes.js";
import { PosternError } from "../core/errors.js";
import type { Identity } from "../core/identity/identity.js";
import { readOrCreateIdentity } from "../core/identity/identity-files.js";
import { lockFolder } from "./lock.js";
import { checkNodeCount, defaultRedundancy, type NetworkOptions } from "./options.js";
import { type Accounts, type RunningSatellite, startSatellite } from "./satellite/index.js";
import { type StorageNode, startStorageNode } from "./storagenode/index.js";

export interface NetworkNode {
  readonly index: number;
  readonly nodeId: Uint8Array;
  /** "host:port"; where it was last when it does not run. */
  readonly address: string;
  readonly running: boolean;
}

export interface RunningNetwork extends Accounts {
  /** The satellite as access grants name it: "ID@host:port". */
  readonly nodeUrl: string;
  readonly nodeId: Uint8Array;
  /** "host:port" of the satellite. */
  readonly address: string;
  nodes(): NetworkNode[];
  /** Stops one node, as if its machine went away, and lets the satellite find that out (not when `unnoticed`). */
  stopNode(index: number, options?: { unnoticed?: boolean }): Promise<void>;
  /** Starts a stopped node, with its identity and its pieces. */
  startNode(index: number): Promise<void>;
  /** Stops everything, in an order that lets running calls end; takes a few seconds at most. */
  stop(): Promise<void>;
}

/** What running calls are given when the network stops. */
const graceMs = 2_000;

/**
 * A Storj network of one's own: a satellite and storage nodes in this process, which speak with each other and with
 * clients as those of the real network do. Everything is kept in one folder; a second network on it is refused.
 * One PosternError when the folder or something in it can not be used.
 */
export async function startNetwork(options: NetworkOptions): Promise<RunningNetwork> {
  const { dir, nodes: count = 10, onProblem = () => {} } = options;
  const redundancy = options.redundancy ?? defaultRedundancy(count);
  checkNodeCount(count, redundancy);
  await makeFolder(dir);
  const lock = await lockFolder(dir, "network").catch((cause: PosternError) => {
    throw new PosternError("unavailable", `the network's folder ${dir} can not be used: ${cause.message}`, { cause });
  });
  const stops: (() => Promise<unknown>)[] = [() => lock.release()];
  try {
    const satelliteDir = join(dir, "satellite");
    const [satelliteIdentity, ...identities] = await Promise.all([
      readOrCreateIdentity(satelliteDir),
      ...Array.from({ length: count }, (_, index) => readOrCreateIdentity(nodeDir(dir, index))),
    ]);
    const members = new Set(identities.map(({ nodeId }) => toHex(nodeId)));
    const satellite = await startSatellite({
      ...options,
      dir: satelliteDir,
      identity: satelliteIdentity,
      redundancy,
      listen: { host: options.host ?? "127.0.0.1", port: options.ports?.satellite ?? 0 },
      acceptsNode: (nodeId) => options.open === true || members.has(toHex(nodeId)),
      onProblem,
    });
    stops.unshift(() => satellite.stop({ graceMs }));
    const nodes = identities.map((identity, index) => nodeSlot(options, index, identity, satellite, satelliteIdentity));
    // Nodes end first: an upload whose pieces are in can still be committed.
    stops.unshift(() => stopNodes(nodes));
    await Promise.all(nodes.map((node) => node.start()));
    return runningNetwork(satellite, nodes, () => stopInOrder(stops));
  } catch (error) {
    await stopInOrder(stops).catch(() => {});
    throw error;
  }
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (cause) {
    throw new PosternError("unavailable", `the network's folder ${dir} can not be made`, { cause });
  }
}

/** Each step runs though one before it failed; the first failure is told in the end. */
async function stopInOrder(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  let failed: { error: unknown } | undefined;
  for (const step of steps) {
    await step().catch((error: unknown) => {
      failed ??= { error };
    });
  }
  if (failed !== undefined) throw failed.error;
}

/** A node that may or may not run. */
interface NodeSlot {
  info(): NetworkNode;
  start(): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

function nodeDir(dir: string, index: number): string {
  return join(dir, "nodes", String(index).padStart(2, "0"));
}

function nodeSlot(
  options: NetworkOptions,
  index: number,
  identity: Identity,
  satellite: RunningSatellite,
  satelliteIdentity: Identity,
): NodeSlot {
  const firstPort = options.ports?.firstNode ?? 0;
  const listen = `${options.host ?? "127.0.0.1"}:${firstPort === 0 ? 0 : firstPort + index}`;
  let address = satellite.nodes.get(identity.nodeId)?.address ?? listen;
  let node: Promise<StorageNode> | undefined;
  let running = false;

  async function launch(): Promise<StorageNode> {
    const started = await startStorageNode({
      dir: nodeDir(options.dir, index),
      identity,
      listen,
      satellites: [{ id: satellite.nodeId, address: satellite.address, chain: satelliteIdentity.chain }],
      capacityBytes: options.nodeCapacityBytes,
      durable: options.durable,
      onProblem: (message, error) => options.onProblem?.(`storage node ${index}: ${message}`, error),
    });
    address = started.address;
    running = true;
    return started;
  }

  return {
    info: () => ({ index, nodeId: identity.nodeId, address, running }),
    async start() {
      node ??= launch();
      await node.catch((error) => {
        node = undefined;
        throw error;
      });
    },
    async stop(nodeGraceMs) {
      const stopping = node;
      node = undefined;
      running = false;
      // One that is starting is let start, so that nothing of it stays.
      const started = await stopping?.catch(() => undefined);
      running = false;
      await started?.stop({ graceMs: nodeGraceMs });
    },
  };
}

async function stopNodes(nodes: readonly NodeSlot[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop(graceMs)));
}

function runningNetwork(
  satellite: RunningSatellite,
  nodes: readonly NodeSlot[],
  stopAll: () => Promise<void>,
): RunningNetwork {
  let stopping: Promise<void> | undefined;
  const slot = (index: number) => {
    const node = nodes[index];
    if (node === undefined) throw new PosternError("invalid-argument", `there is no storage node ${index}`);
    return node;
  };
  return {
    nodeUrl: satellite.nodeUrl,
    nodeId: satellite.nodeId,
    address: satellite.address,
    createProject: satellite.createProject,
    listProjects: satellite.listProjects,
    createApiKey: satellite.createApiKey,
    addLicense: satellite.addLicense,
    nodes: () => nodes.map((node) => node.info()),
    async stopNode(index, { unnoticed = false } = {}) {
      await slot(index).stop(0);
      if (!unnoticed) await satellite.pingNode(slot(index).info().nodeId);
    },
    startNode: async (index) => slot(index).start(),
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
