import { apiKeyBytes, parseApiKey } from "./access/api-key.js";
import { type AccessGrant, newGrant, parseGrant, serializeGrant } from "./access/grant.js";
import type { Project } from "./api.js";
import { utf8 } from "./bytes/bytes.js";
import { deriveRootKey } from "./crypto/derive.js";
import { PosternError } from "./errors.js";
import { createIdentity, type Identity } from "./identity/identity.js";
import { nodeIdText } from "./identity/node-id.js";
import { knownNodeId, nodeUrlText, parseNodeUrl } from "./identity/node-url.js";
import { createMetainfoClient, type MetainfoClient } from "./metainfo/client.js";
import { fillTransferOptions, type TransferOptions } from "./options.js";
import { createProject } from "./project.js";
import { createDrpcTransport } from "./rpc/drpc/transport.js";
import { createPool, type Pool } from "./rpc/pool.js";
import type { ConnectionSource, Target, Transport } from "./rpc/transport.js";
import { createBufferBudget } from "./segment/buffer-budget.js";
import type { SegmentCodec } from "./segment/codec.js";
import { createMemoryBudget } from "./segment/memory-budget.js";
import { createNodeSpeeds } from "./segment/node-speeds.js";
import { createWorkerCodec } from "./segment/worker-codec.js";

export interface UplinkOptions extends TransferOptions {
  /** Shown to satellites and nodes, which take any; a fresh one when absent. */
  identity?: Identity;
  /** How peers are reached; DRPC over TLS with `identity` when absent. */
  transport?: Transport;
  /** Encodes and decodes segments; its owner closes it. A pool of worker threads when absent. */
  codec?: SegmentCodec;
  /** Threads of that pool; one less than there are processors, at least 1 and at most 8, when absent. */
  threads?: number;
  /** Product tokens in front of this library's own, as in HTTP; none when absent. */
  userAgent?: string;
  /** Other addresses ("host:port") to dial satellites at, by node id; those of the grants when absent. */
  satelliteAddresses?: Readonly<Record<string, string>>;
  /** Open connections, in use or not; 2 500 when absent. A segment takes one for each of its pieces. */
  maxConnections?: number;
  /** Connections kept open while nobody uses them; 500 when absent. */
  idleConnections?: number;
  /** The same for one satellite or node; 50 when absent. */
  idlePerPeer?: number;
}

export interface AccessRequest {
  /** Node URL, "id@host:port"; well-known satellites need no id. */
  satellite: string;
  /** As the satellite's console shows it. */
  apiKey: string;
  /** Encrypts everything in the project; nobody can recover it. Not normalised. */
  passphrase: string;
}

/** Opens any number of projects over one identity, pool of connections and codec. */
export interface Uplink {
  /** Needs no network. @throws PosternError invalid-grant */
  openProject(grant: string | AccessGrant): Promise<Project>;
  /** Asks the satellite for the project's salt and makes a grant of it; the text holds the project's keys. */
  requestAccess(request: AccessRequest): Promise<string>;
  /** Closes connections and threads; running transfers fail. */
  close(): Promise<void>;
  /** What it holds at the moment; everything is 0 when nothing is under way and idle connections have gone. */
  stats(): UplinkStats;
}

export interface UplinkStats {
  /** Connections that are open or being dialled, of them unused ones, and calls that wait for one. */
  readonly connections: number;
  readonly idleConnections: number;
  readonly waitingCalls: number;
  /** Bytes reserved for buffers, and kept for pieces that may have to be sent again. */
  readonly uploadBufferBytes: number;
  readonly downloadBufferBytes: number;
  readonly replayBytes: number;
  /** Transfers that wait for buffers. */
  readonly waitingTransfers: number;
}

/** Product token of this library (RFC 9110 clause 10.1.5). */
const product = "postern/0.1.0";

/** More than the real uplink keeps: gateways run many transfers at a time, and connecting costs more than calling. */
export const connectionDefaults = { maxConnections: 2500, idleConnections: 500, idlePerPeer: 50 } as const;

export function createUplink(options: UplinkOptions = {}): Uplink {
  const transfer = fillTransferOptions(options);
  const userAgent = options.userAgent === undefined ? product : `${options.userAgent} ${product}`;
  const codec = options.codec ?? createWorkerCodec({ threads: options.threads });
  const speeds = createNodeSpeeds();
  const replayBudget = createMemoryBudget(transfer.replayBytes);
  const uploadBuffers = createBufferBudget(Math.ceil(transfer.bufferBytes / 2), transfer.bufferWaitMs);
  const downloadBuffers = createBufferBudget(Math.ceil(transfer.bufferBytes / 2), transfer.bufferWaitMs);
  let pool: Promise<Pool> | undefined;
  let openPool: Pool | undefined;
  let closed = false;

  async function makePool(): Promise<Pool> {
    const transport =
      options.transport ?? createDrpcTransport({ identity: options.identity ?? (await createIdentity()) });
    const { maxConnections, idleConnections: capacity, idlePerPeer: perPeer } = { ...connectionDefaults, ...options };
    openPool = createPool({ transport, dialTimeoutMs: transfer.dialTimeoutMs, maxConnections, capacity, perPeer });
    return openPool;
  }

  const connections: ConnectionSource = {
    async acquire(target, dialOptions) {
      if (closed) throw new PosternError("failed-precondition", "the uplink is closed");
      pool ??= makePool();
      return (await pool).acquire(target, dialOptions);
    },
  };

  function metainfoClient(satellite: Target, apiKey: Uint8Array): MetainfoClient {
    const timeoutMs = transfer.satelliteTimeoutMs;
    return createMetainfoClient({ connections, satellite, apiKey, userAgent, timeoutMs });
  }

  return {
    async openProject(text) {
      const grant = typeof text === "string" ? parseGrant(text) : text;
      const { target } = satelliteOf(grant.satelliteAddress, options.satelliteAddresses);
      const metainfo = metainfoClient(target, apiKeyBytes(grant.apiKey));
      const context = {
        store: grant.encryption,
        metainfo,
        connections,
        codec,
        speeds,
        replayBudget,
        uploadBuffers,
        downloadBuffers,
        options: transfer,
      };
      return createProject(context, async () => undefined);
    },

    async requestAccess({ satellite, apiKey, passphrase }) {
      const key = parseApiKey(apiKey);
      const { target, url } = satelliteOf(satellite, options.satelliteAddresses);
      const { projectSalt } = await metainfoClient(target, apiKeyBytes(key)).call("projectInfo", {}, "project");
      const rootKey = await deriveRootKey(utf8(passphrase), projectSalt);
      return serializeGrant(newGrant({ satelliteAddress: url, apiKey: key, rootKey }));
    },

    async close() {
      closed = true;
      await (await pool)?.close();
      if (options.codec === undefined) await codec.close();
    },

    stats() {
      const { connections = 0, idle = 0, waiting = 0 } = openPool?.stats() ?? {};
      return {
        connections,
        idleConnections: idle,
        waitingCalls: waiting,
        uploadBufferBytes: uploadBuffers.used,
        downloadBufferBytes: downloadBuffers.used,
        replayBytes: transfer.replayBytes - replayBudget.free,
        waitingTransfers: uploadBuffers.waiting + downloadBuffers.waiting,
      };
    },
  };
}

/** Opens one project with means of its own, which `close` gives back. */
export async function openProject(grant: string | AccessGrant, options: UplinkOptions = {}): Promise<Project> {
  const parsed = typeof grant === "string" ? parseGrant(grant) : grant;
  const uplink = createUplink(options);
  const project = await uplink.openProject(parsed);
  return { ...project, close: () => uplink.close() };
}

function satelliteOf(
  text: string,
  addresses: Readonly<Record<string, string>> = {},
): { readonly target: Target; readonly url: string } {
  const url = parseNodeUrl(text);
  const nodeId = url.id ?? knownNodeId(url.address);
  if (nodeId === undefined) throw new PosternError("invalid-grant", "satellite address has no node id");
  const address = addresses[nodeIdText(nodeId)] ?? url.address;
  return { target: { nodeId, address }, url: nodeUrlText({ ...url, id: nodeId }) };
}
