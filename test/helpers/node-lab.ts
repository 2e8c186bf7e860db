import { createHash, randomBytes } from "node:crypto";
import type { ExecutionContext } from "ava";
import { timestampOfMillis } from "../../core/bytes/timestamp.js";
import { createIdentity, type Identity } from "../../core/identity/identity.js";
import { newPieceKey, type PieceKey } from "../../core/identity/piece-key.js";
import { newSerialNumber } from "../../core/identity/serial-number.js";
import { signOrder, signOrderLimit, signPieceHashAsUplink } from "../../core/identity/signing.js";
import { createMemoryNetwork } from "../../core/rpc/memory/transport.js";
import { bindService, type ClientStream, type Connection, type Transport } from "../../core/rpc/transport.js";
import { type StorageNode, type StorageNodeOptions, startStorageNode } from "../../network/storagenode/index.js";
import { CheckInResponse, ContactDefinition, NodeDefinition } from "../../proto/gen/contact.js";
import { type Order, type OrderLimit, PieceAction } from "../../proto/gen/orders.js";
import {
  PieceDownloadRequest,
  type PieceDownloadResponse,
  PiecestoreDefinition,
  PieceUploadRequest,
  type PieceUploadResponse,
} from "../../proto/gen/piecestore.js";
import { tempDir } from "./temp-dir.js";

const identities = Promise.all([createIdentity(), createIdentity()]);

/** A storage node, a satellite of a few lines, and an uplink by hand, in memory. */
export interface NodeLab {
  readonly satellite: Identity;
  readonly node: StorageNode;
  readonly nodeIdentity: Identity;
  readonly dir: string;
  readonly key: PieceKey;
  readonly transport: Transport;
  readonly connection: Connection;
  /** A fresh limit, signed by the satellite; PUT over 1 MiB unless told otherwise. */
  limit(fields?: Partial<OrderLimit>): OrderLimit;
  order(limit: OrderLimit, amount: number): Order;
  /** Stops the node and starts it on the same folder. */
  restart(options?: Partial<StorageNodeOptions>): Promise<void>;
}

export async function nodeLab(t: ExecutionContext, options: Partial<StorageNodeOptions> = {}): Promise<NodeLab> {
  const [satellite, nodeIdentity] = await identities;
  const dir = await tempDir();
  const network = createMemoryNetwork();
  const key = newPieceKey();
  const satelliteServer = await network.serve(
    "satellite",
    [
      bindService(NodeDefinition, {
        async checkIn({ address }) {
          const back = await network.transport.dial({ address });
          await back.unary(ContactDefinition, ContactDefinition.methods.pingNode, {});
          return CheckInResponse.create({ pingNodeSuccess: true });
        },
      }),
    ],
    {},
  );
  const start = (more: Partial<StorageNodeOptions>) =>
    startStorageNode({
      dir: dir.path,
      identity: nodeIdentity,
      satellites: [{ id: satellite.nodeId, address: "satellite", chain: satellite.chain }],
      transport: network.transport,
      serve: (services) => network.serve("node", services, { onDefect: (error) => t.log("defect", error) }),
      durable: false,
      reserveBytes: 0,
      onProblem: (message, error) => t.log(message, error),
      ...options,
      ...more,
    });
  let node = await start({});
  let connection = await network.transport.dial({ address: "node" });
  t.teardown(async () => {
    await connection.close();
    await node.stop();
    await satelliteServer.stop();
    await dir.remove();
  });
  return {
    satellite,
    nodeIdentity,
    dir: dir.path,
    key,
    transport: network.transport,
    get node() {
      return node;
    },
    get connection() {
      return connection;
    },
    limit(fields = {}) {
      const now = Date.now();
      return signOrderLimit(
        {
          serialNumber: newSerialNumber(now + 86_400_000),
          satelliteId: satellite.nodeId,
          storageNodeId: nodeIdentity.nodeId,
          pieceId: randomBytes(32),
          limit: 1024 * 1024,
          action: PieceAction.PUT,
          orderCreation: timestampOfMillis(now),
          orderExpiration: timestampOfMillis(now + 86_400_000),
          pieceExpiration: undefined,
          uplinkPublicKey: key.publicKey,
          satelliteSignature: new Uint8Array(0),
          deprecatedUplinkId: new Uint8Array(0),
          deprecatedSatelliteAddress: undefined,
          encryptedMetadataKeyId: new Uint8Array(0),
          encryptedMetadata: new Uint8Array(0),
          ...fields,
        },
        satellite,
      );
    },
    order: (limit, amount) =>
      signOrder({ serialNumber: limit.serialNumber, amount, uplinkSignature: new Uint8Array(0) }, key.privateKey),
    async restart(more = {}) {
      await connection.close();
      await node.stop();
      node = await start(more);
      connection = await network.transport.dial({ address: "node" });
    },
  };
}

export function openUpload(connection: Connection): ClientStream<PieceUploadRequest, PieceUploadResponse> {
  return connection.stream(PiecestoreDefinition, PiecestoreDefinition.methods.upload);
}

export function openDownload(connection: Connection): ClientStream<PieceDownloadRequest, PieceDownloadResponse> {
  return connection.stream(PiecestoreDefinition, PiecestoreDefinition.methods.download);
}

/** Sends the messages, closes, and resolves to the answer. */
export async function uploadMessages(
  connection: Connection,
  messages: readonly Parameters<typeof PieceUploadRequest.create>[0][],
): Promise<PieceUploadResponse> {
  const stream = openUpload(connection);
  try {
    for (const message of messages) await stream.send(PieceUploadRequest.create(message));
    await stream.closeSend();
  } catch {
    // The node has answered already; receive tells what.
  }
  const response = await stream.receive();
  if (response === undefined) throw new Error("no answer");
  return response;
}

/** The messages of a whole, honest upload in chunks of this size. SHA-256. */
export function uploadOf(
  lab: NodeLab,
  limit: OrderLimit,
  data: Uint8Array,
  chunkSize = 64 * 1024,
): Parameters<typeof PieceUploadRequest.create>[0][] {
  const messages: Parameters<typeof PieceUploadRequest.create>[0][] = [{ limit, order: lab.order(limit, data.length) }];
  for (let offset = 0; offset < data.length; offset += chunkSize) {
    messages.push({ chunk: { offset, data: data.subarray(offset, offset + chunkSize) } });
  }
  messages.push({ done: doneOf(lab, limit, data) });
  return messages;
}

/** The uplink's hash of a piece. SHA-256 unless `hash` and `hashAlgorithm` are given. */
export function doneOf(lab: NodeLab, limit: OrderLimit, data: Uint8Array, hash = sha256(data), hashAlgorithm = 0) {
  return signPieceHashAsUplink(
    {
      pieceId: limit.pieceId,
      hash,
      hashAlgorithm,
      pieceSize: data.length,
      timestamp: limit.orderCreation,
      signature: new Uint8Array(0),
    },
    lab.key.privateKey,
  );
}

export function sha256(data: Uint8Array): Uint8Array {
  return createHash("sha256").update(data).digest();
}

/** Stores a piece and returns the limit it was stored with. */
export async function storePiece(lab: NodeLab, data: Uint8Array): Promise<OrderLimit> {
  const limit = lab.limit();
  await uploadMessages(lab.connection, uploadOf(lab, limit, data));
  return limit;
}

/** Downloads a range as an honest uplink does, and closes. */
export async function downloadRange(
  lab: NodeLab,
  limit: OrderLimit,
  offset: number,
  size: number,
  maximumChunkSize = 0,
): Promise<{ data: Buffer; responses: PieceDownloadResponse[] }> {
  const stream = openDownload(lab.connection);
  const first = { limit, chunk: { offset, chunkSize: size }, maximumChunkSize };
  await stream.send(PieceDownloadRequest.create(first));
  await stream.send(PieceDownloadRequest.create({ order: lab.order(limit, size) }));
  const responses: PieceDownloadResponse[] = [];
  let received = 0;
  while (received < size) {
    const response = await stream.receive();
    if (response === undefined) throw new Error(`ended after ${received} bytes`);
    responses.push(response);
    received += response.chunk?.data.length ?? 0;
  }
  await stream.closeSend();
  while ((await stream.receive()) !== undefined);
  return { data: Buffer.concat(responses.map((one) => one.chunk?.data ?? new Uint8Array(0))), responses };
}
