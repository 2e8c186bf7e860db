import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../core/bytes/bytes.js";
import { PosternError } from "../core/errors.js";
import type { Identity } from "../core/identity/identity.js";
import { readOrCreateIdentity } from "../core/identity/identity-files.js";
import { runControl } from "./control-messages.js";
import { startControl } from "./control-server.js";
import { lockFolder } from "./lock.js";
import { checkNodeCount, defaultRedundancy, maxNodes, type NetworkOptions } from "./options.js";
import { type Accounts, type EdgeUrls, type RunningSatellite, startSatellite, type Upkeep } from "./satellite/index.js";
import { type StorageNode, startStorageNode } from "./storagenode/index.js";

export interface NetworkNode {
  readonly index: number;
  readonly nodeId: Uint8Array;
  /** "host:port"; where it was last when it does not run. */
  readonly address: string;
  readonly running: boolean;
  /** Bytes; undefined for a node that does not run. */
  readonly space: NodeSpace | undefined;
}

export interface NodeSpace {
  /** Of pieces, those in the trash too; undefined until the node has counted them after its start. */
  readonly used: number | undefined;
  readonly trash: number | undefined;
  /** For more pieces, as last seen. */
  readonly available: number | undefined;
}

export interface RunningNetwork extends Accounts, Upkeep {
  /** The satellite as access grants name it: "ID@host:port". */
  readonly nodeUrl: string;
  readonly nodeId: Uint8Array;
  /** "host:port" of the satellite. */
  readonly address: string;
  nodes(): NetworkNode[];
  /** Which services clients of the satellite are told to use. */
  setEdgeUrls(urls: EdgeUrls): Promise<void>;
  /** Stops one node, as if its machine went away, and lets the satellite find that out (not when `unnoticed`). */
  stopNode(index: number, options?: { unnoticed?: boolean }): Promise<void>;
  /** Starts a stopped node, with its identity and its pieces. */
  startNode(index: number): Promise<void>;
  /** One storage node more, empty, which the next start brings back. Returns its index. */
  addNode(): Promise<number>;
  /** Ends a node for good, with all it holds: its folder is deleted. Its index is not given again until the next start. */
  removeNode(index: number): Promise<void>;
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
    const indexes = await nodeIndexes(dir, count);
    const [satelliteIdentity, ...identities] = await Promise.all([
      readOrCreateIdentity(satelliteDir),
      ...indexes.map((index) => readOrCreateIdentity(nodeDir(dir, index))),
    ]);
    const members = new Set<string>();
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
    const nodes = new Map<number, NodeSlot>();
    const joinNode = (index: number, identity: Identity): NodeSlot => {
      members.add(toHex(identity.nodeId));
      const node = nodeSlot(options, index, identity, satellite, satelliteIdentity);
      nodes.set(index, node);
      return node;
    };
    // Nodes end first: an upload whose pieces are in can still be committed.
    stops.unshift(() => stopNodes([...nodes.values()]));
    await Promise.all(identities.map((identity, i) => joinNode(indexes[i]!, identity).start()));
    const network = runningNetwork({ dir, satellite, nodes, members, joinNode }, () => stopInOrder(stops));
    if (options.control === true) {
      // Without it the network works all the same: the path of the folder may be too long for a socket.
      const control = await startControl(dir, (request) => runControl(network, request)).catch((error: unknown) => {
        onProblem("the network takes no commands", error);
      });
      if (control !== undefined) stops.unshift(() => control.stop());
    }
    return network;
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

/** Nodes 0 to `count`, and those that were added to them. */
async function nodeIndexes(dir: string, count: number): Promise<number[]> {
  const folder = join(dir, "nodes");
  await makeFolder(folder);
  const names = await readdir(folder);
  const found = names.filter((name) => /^\d\d$/.test(name)).map(Number);
  const all = new Set([...Array.from({ length: count }, (_, index) => index), ...found]);
  return [...all].sort((a, b) => a - b);
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
  let running: StorageNode | undefined;

  function space(): NodeSpace | undefined {
    if (running === undefined) return undefined;
    const { usedBytes, trashBytes, availableBytes } = running.stats();
    return { used: usedBytes, trash: trashBytes, available: availableBytes };
  }

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
    running = started;
    return started;
  }

  return {
    info: () => ({ index, nodeId: identity.nodeId, address, running: running !== undefined, space: space() }),
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
      running = undefined;
      // One that is starting is let start, so that nothing of it stays.
      const started = await stopping?.catch(() => undefined);
      running = undefined;
      await started?.stop({ graceMs: nodeGraceMs });
    },
  };
}

async function stopNodes(nodes: readonly NodeSlot[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop(graceMs)));
}

interface NetworkParts {
  readonly dir: string;
  readonly satellite: RunningSatellite;
  readonly nodes: Map<number, NodeSlot>;
  /** Ids of nodes that may join. */
  readonly members: Set<string>;
  joinNode(index: number, identity: Identity): NodeSlot;
}

function runningNetwork(
  { dir, satellite, nodes, members, joinNode }: NetworkParts,
  stopAll: () => Promise<void>,
): RunningNetwork {
  let stopping: Promise<void> | undefined;
  let lastIndex = Math.max(-1, ...nodes.keys());
  const slot = (index: number) => {
    const node = nodes.get(index);
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
    repair: satellite.repair,
    collectGarbage: satellite.collectGarbage,
    audit: satellite.audit,
    health: satellite.health,
    usage: satellite.usage,
    setEdgeUrls: async (urls) => satellite.setEdgeUrls(urls),
    nodes: () => [...nodes.values()].map((node) => node.info()),
    async stopNode(index, { unnoticed = false } = {}) {
      await slot(index).stop(0);
      if (!unnoticed) await satellite.pingNode(slot(index).info().nodeId);
    },
    startNode: async (index) => slot(index).start(),
    async addNode() {
      const index = lastIndex + 1;
      if (index >= maxNodes) throw new PosternError("invalid-argument", `a network has at most ${maxNodes} nodes`);
      lastIndex = index;
      const node = joinNode(index, await readOrCreateIdentity(nodeDir(dir, index)));
      await node.start();
      return index;
    },
    async removeNode(index) {
      const node = slot(index);
      const { nodeId } = node.info();
      // From here on it may not come back, not even by a check-in that is under way.
      members.delete(toHex(nodeId));
      nodes.delete(index);
      await node.stop(0);
      await satellite.forgetNode(nodeId);
      await rm(nodeDir(dir, index), { recursive: true, force: true });
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
