import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type AccessGrant, newGrant, serializeGrant } from "../../core/access/grant.js";
import type { Project } from "../../core/api.js";
import { createIdentity } from "../../core/identity/identity.js";
import { parseAddress } from "../../core/rpc/tcp.js";
import { createInlineCodec } from "../../core/segment/inline-codec.js";
import { createUplink, type Uplink, type UplinkOptions } from "../../core/uplink.js";
import { type RunningSatellite, type SatelliteOptions, startSatellite } from "../../network/satellite/index.js";
import {
  type NodeFaults,
  type StorageNode,
  type StorageNodeOptions,
  startStorageNode,
} from "../../network/storagenode/index.js";
import { databaseOptions } from "./databases.js";
import { noUpkeep } from "./no-upkeep.js";
import { tempDir } from "./temp-dir.js";

/** A satellite and ten storage nodes of the embedded network in this process, over TLS, and an uplink to them. */
export interface ProjectLab {
  /** The running one; another after `restartSatellite`. */
  readonly satellite: RunningSatellite;
  /** Stops the satellite, waits for `between`, and starts it again with its data at its address. */
  restartSatellite(between?: () => Promise<void>): Promise<void>;
  readonly nodes: readonly StorageNode[];
  /** Folder of a node. */
  nodeDir(index: number): string;
  /** How each node misbehaves; nothing where empty. May be changed at any time. */
  readonly faults: (NodeFaults | undefined)[];
  readonly grant: string;
  readonly projectId: Uint8Array;
  readonly project: Project;
  /** Another uplink with these options. */
  open(options?: UplinkOptions): Promise<Project>;
  /** Another project, by the grant. */
  openGrant(grant: string | AccessGrant): Promise<Project>;
}

export async function projectLab(
  t: ExecutionContext,
  init: {
    uplink?: UplinkOptions;
    satellite?: Partial<SatelliteOptions>;
    node?: Partial<StorageNodeOptions>;
    nodes?: number;
  } = {},
): Promise<ProjectLab> {
  const dir = await tempDir();
  const database = await databaseOptions(t);
  const identity = await createIdentity();
  const codec = createInlineCodec();
  const onProblem = (message: string, error: unknown) => t.log(message, error);
  const start = (listen?: { host: string; port: number }) =>
    startSatellite({
      dir: join(dir.path, "satellite"),
      identity,
      onProblem,
      listen,
      ...database,
      ...init.satellite,
      times: { ...noUpkeep, ...init.satellite?.times },
    });
  let satellite = await start();
  const faults: (NodeFaults | undefined)[] = [];
  const nodes = await Promise.all(
    Array.from({ length: init.nodes ?? 10 }, async (_, i) =>
      startStorageNode({
        dir: join(dir.path, `node-${i}`),
        identity: await createIdentity(),
        satellites: [{ id: satellite.nodeId, address: satellite.address }],
        durable: false,
        reserveBytes: 0,
        onProblem,
        ...init.node,
        faults: {
          onCall: async (...args) => faults[i]?.onCall?.(...args),
          onReceived: async (...args) => faults[i]?.onReceived?.(...args),
          onSend: async (...args) => faults[i]?.onSend?.(...args) ?? args[0],
          onSign: (hash) => faults[i]?.onSign?.(hash) ?? hash,
        },
      }),
    ),
  );
  const project = await satellite.createProject("test");
  const grant = serializeGrant(
    newGrant({
      satelliteAddress: satellite.nodeUrl,
      apiKey: await satellite.createApiKey(project.id),
      rootKey: randomBytes(32),
    }),
  );
  const uplinks: Uplink[] = [];
  const openGrant = async (text: string | AccessGrant, options: UplinkOptions = {}) => {
    const uplink = createUplink({ codec, ...init.uplink, ...options });
    uplinks.push(uplink);
    return await uplink.openProject(text);
  };
  const open = async (options?: UplinkOptions) => await openGrant(grant, options);
  t.teardown(async () => {
    await Promise.all(uplinks.map((uplink) => uplink.close()));
    await Promise.all(nodes.map((node) => node.stop()));
    await satellite.stop({ graceMs: 0 });
    await dir.remove();
  });
  const nodeDir = (index: number) => join(dir.path, `node-${index}`);
  return {
    get satellite() {
      return satellite;
    },
    async restartSatellite(between = async () => {}) {
      const listen = parseAddress(satellite.address);
      await satellite.stop({ graceMs: 0 });
      await between();
      satellite = await start(listen);
    },
    nodes,
    nodeDir,
    faults,
    grant,
    projectId: project.id,
    project: await open(),
    open,
    openGrant,
  };
}

/** A body in chunks of 64 KiB. */
export async function* bodyOf(data: Uint8Array, chunk = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += chunk) yield data.subarray(at, at + chunk);
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
