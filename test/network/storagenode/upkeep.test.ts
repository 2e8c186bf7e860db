import { randomBytes } from "node:crypto";
import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { createIdentity } from "../../../core/identity/identity.js";
import { createBloomFilter } from "../../../core/piece/bloom-filter.js";
import { serveDrpc } from "../../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../../core/rpc/drpc/transport.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { bindService, type Connection } from "../../../core/rpc/transport.js";
import { createPieceHasher } from "../../../core/segment/piece-hash.js";
import { type StorageNodeOptions, startStorageNode } from "../../../network/storagenode/index.js";
import { pieceFileSize } from "../../../network/storagenode/piece-file.js";
import { CheckInResponse, type LostPiece, LostPieceReason, NodeDefinition } from "../../../proto/gen/contact.js";
import {
  type OrderLimit,
  OrdersDefinition,
  PieceAction,
  SettlementRequest,
  SettlementWithWindowResponse,
} from "../../../proto/gen/orders.js";
import { PiecestoreDefinition, RetainRequest } from "../../../proto/gen/piecestore.js";
import { downloadRange, nodeLab, uploadMessages, uploadOf } from "../../helpers/node-lab.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { throwsStatus } from "../../helpers/throws-status.js";
import { until } from "../../helpers/until.js";

const { methods } = PiecestoreDefinition;
const hour = 3_600_000;

/** A node and its satellite over TLS, and what the satellite hears. */
async function lab(t: ExecutionContext, options: Partial<StorageNodeOptions> = {}) {
  const signer = await nodeLab(t);
  const settlements: SettlementRequest[][] = [];
  const lost: LostPiece[] = [];
  const satellite = {
    settlements,
    lost,
    reply: SettlementWithWindowResponse.create({}),
    down: false,
  };
  const server = await serveDrpc({
    identity: signer.satellite,
    listen: { host: "127.0.0.1", port: 0 },
    services: [
      bindService(NodeDefinition, {
        checkIn: async () => CheckInResponse.create({ pingNodeSuccess: true }),
        async amnestyReport({ lostPieces }) {
          lost.push(...lostPieces.map((one) => ({ ...one, pieceId: Uint8Array.from(one.pieceId) })));
          return {};
        },
      }),
      bindService(OrdersDefinition, {
        async settlementWithWindow(requests, { peerChain }) {
          t.deepEqual(toHex(verifyChain(peerChain!).nodeId), toHex(identity.nodeId));
          if (satellite.down) throw new Error("down");
          const window: SettlementRequest[] = [];
          for await (const one of requests) {
            window.push(SettlementRequest.decode(Uint8Array.from(SettlementRequest.encode(one).finish())));
          }
          settlements.push(window);
          return satellite.reply;
        },
      }),
    ],
  });
  const dir = await tempDir();
  const identity = await createIdentity();
  const clock = { ms: Date.now() };
  const start = () =>
    startStorageNode({
      dir: dir.path,
      identity,
      satellites: [{ id: signer.satellite.nodeId, address: server.address, chain: signer.satellite.chain }],
      durable: false,
      reserveBytes: 0,
      now: () => clock.ms,
      onProblem: (message, error) => t.log(message, error),
      ...options,
    });
  let node = await start();
  let connection = await dial();
  t.teardown(async () => {
    await connection.close();
    await node.stop();
    await server.stop();
    await dir.remove();
  });
  async function dial(as = signer.satellite): Promise<Connection> {
    return createDrpcTransport({ identity: as }).dial({ address: node.address, nodeId: node.nodeId });
  }
  const times = () => ({
    orderCreation: timestampOfMillis(clock.ms),
    orderExpiration: timestampOfMillis(clock.ms + 24 * hour),
  });
  return {
    satellite,
    clock,
    dir: dir.path,
    dial,
    get node() {
      return node;
    },
    get connection() {
      return connection;
    },
    async put(data: Uint8Array, fields: Partial<OrderLimit> = {}): Promise<Uint8Array> {
      const limit = signer.limit({ ...times(), storageNodeId: identity.nodeId, ...fields });
      await uploadMessages(connection, uploadOf(signer, limit, data));
      return Uint8Array.from(limit.pieceId);
    },
    async get(pieceId: Uint8Array, size: number, action = PieceAction.GET) {
      const limit = signer.limit({ ...times(), storageNodeId: identity.nodeId, pieceId, action });
      return downloadRange({ ...signer, connection }, limit, 0, size);
    },
    async restart() {
      await connection.close();
      await node.stop();
      node = await start();
      connection = await dial();
    },
  };
}

function filterOf(pieceIds: readonly Uint8Array[]): Uint8Array {
  const filter = createBloomFilter({ seed: 5, hashCount: 8, size: 1000 });
  for (const id of pieceIds) filter.add(id);
  return filter.bytes();
}

function blake3(data: Uint8Array): Uint8Array {
  const hasher = createPieceHasher(1);
  hasher.update(data);
  return hasher.digest();
}

test("retain moves to the trash what the filter does not know, and readers or RestoreTrash bring it back", async (t) => {
  const one = await lab(t, { retainSkewMs: 0 });
  const data = Array.from({ length: 4 }, () => randomBytes(1000));
  const ids: Uint8Array[] = [];
  for (const piece of data) ids.push(await one.put(piece));
  const filter = filterOf(ids.slice(0, 1));
  const creationDate = timestampOfMillis(Date.now() + 60_000);
  const retain = (fields: Partial<RetainRequest>) =>
    one.connection.unary(
      PiecestoreDefinition,
      methods.retain,
      RetainRequest.create({ creationDate, filter, ...fields }),
    );

  const wrong = retain({ hash: randomBytes(32), hashAlgorithm: 1 });
  await throwsStatus(t, wrong, RpcStatus.Internal, "hash mismatch");
  await throwsStatus(t, retain({ filter: Uint8Array.of(1) }), RpcStatus.InvalidArgument, "not enough data");
  await retain({ creationDate: timestampOfMillis(Date.now() - 60_000) });
  await one.node.upkeep.retain();
  t.is(one.node.stats().trashed, 0, "all pieces are newer than this filter");

  await retain({ hash: blake3(filter), hashAlgorithm: 1 });
  await one.node.upkeep.retain();
  t.is(one.node.stats().trashed, 3);
  t.is(one.node.stats().trashBytes, 3 * pieceFileSize(1000));
  t.deepEqual(await readdir(join(one.dir, "retain")), []);

  const read = await one.get(ids[1]!, 1000);
  t.true(read.data.equals(data[1]!));
  t.deepEqual(
    read.responses.map(({ restoredFromTrash }) => restoredFromTrash),
    [true, false],
  );
  const repaired = await one.get(ids[2]!, 1000, PieceAction.GET_REPAIR);
  t.true(repaired.responses[0]!.restoredFromTrash && repaired.responses[0]!.limit !== undefined);
  t.is((await one.get(ids[2]!, 1000)).responses[0]!.restoredFromTrash, false);

  await one.connection.unary(PiecestoreDefinition, methods.restoreTrash, {});
  await one.node.upkeep.retain();
  t.is(one.node.stats().restored, 1);
  t.is(one.node.stats().trashBytes, 0);
  t.true((await one.get(ids[3]!, 1000)).data.equals(data[3]!));
});

test("a large filter comes in parts", async (t) => {
  const one = await lab(t, { retainSkewMs: 0 });
  const kept = await one.put(randomBytes(10));
  await one.put(randomBytes(10));
  const filter = filterOf([kept]);
  const creationDate = timestampOfMillis(Date.now() + 60_000);
  const send = async (hash: Uint8Array) => {
    const stream = one.connection.stream(PiecestoreDefinition, methods.retainBig);
    await stream.send(RetainRequest.create({ creationDate, filter: filter.subarray(0, 600) }));
    await stream.send(RetainRequest.create({ filter: filter.subarray(600), hash, hashAlgorithm: 1 }));
    await stream.closeSend();
    await stream.receive();
  };
  await throwsStatus(t, send(randomBytes(32)), RpcStatus.Internal, "Hash mismatch");
  await throwsStatus(t, send(new Uint8Array(0)), RpcStatus.Internal, "EOF");
  await send(blake3(filter));
  await one.node.upkeep.retain();
  t.is(one.node.stats().trashed, 1);
});

test("only trusted satellites may have pieces moved", async (t) => {
  const one = await lab(t);
  const stranger = await one.dial(await createIdentity());
  const request = RetainRequest.create({ filter: filterOf([]), creationDate: timestampOfMillis(Date.now()) });
  const retain = stranger.unary(PiecestoreDefinition, methods.retain, request);
  await throwsStatus(t, retain, RpcStatus.PermissionDenied, "retain called with untrusted ID");
  const restore = stranger.unary(PiecestoreDefinition, methods.restoreTrash, {});
  await throwsStatus(t, restore, RpcStatus.PermissionDenied, "RestoreTrash called with untrusted ID");
  const stream = stranger.stream(PiecestoreDefinition, methods.retainBig);
  await throwsStatus(t, stream.receive(), RpcStatus.PermissionDenied, "retain called with untrusted ID");
  await stranger.close();
});

test("trash is emptied after its time", async (t) => {
  const one = await lab(t, { retainSkewMs: 0 });
  const id = await one.put(randomBytes(100));
  const creationDate = timestampOfMillis(Date.now() + 60_000);
  const request = RetainRequest.create({ creationDate, filter: filterOf([]) });
  await one.connection.unary(PiecestoreDefinition, methods.retain, request);
  await one.node.upkeep.retain();
  one.clock.ms += 7 * 24 * hour;
  await one.node.upkeep.emptyTrash();
  t.is(one.node.stats().trashBytes, pieceFileSize(100), "seven whole days");
  one.clock.ms += 24 * hour;
  await one.node.upkeep.emptyTrash();
  t.is(one.node.stats().trashBytes, 0);
  await until(() => one.node.stats().usedBytes === 0);
  await throwsStatus(t, one.get(id, 100), RpcStatus.NotFound, /not exist/);
});

test("expired pieces are deleted an hour after their hour, also after a restart", async (t) => {
  const one = await lab(t, { packed: false });
  const expires = Math.ceil(one.clock.ms / hour) * hour - 1;
  const id = await one.put(randomBytes(100), { pieceExpiration: timestampOfMillis(expires) });
  const later = await one.put(randomBytes(100), { pieceExpiration: timestampOfMillis(expires + 2 * hour) });
  await one.put(randomBytes(100));
  one.clock.ms = expires + hour;
  await one.node.upkeep.collectExpired();
  t.is(one.node.stats().expired, 0);
  await one.restart();
  one.clock.ms = expires + hour + 1;
  await one.node.upkeep.collectExpired();
  t.is(one.node.stats().expired, 1);
  t.is(one.node.stats().usedBytes, 2 * pieceFileSize(100));
  await throwsStatus(t, one.get(id, 100), RpcStatus.NotFound, /not exist/);
  t.is((await one.get(later, 100)).data.length, 100);
});

test("orders of an hour that is over are settled once, and again only when the satellite did not answer", async (t) => {
  const one = await lab(t);
  const id = await one.put(randomBytes(1000));
  await one.get(id, 700);
  await until(() => one.node.stats().downloads.active === 0);
  await one.node.upkeep.settleOrders();
  t.is(one.satellite.settlements.length, 0, "the hour is not over");
  one.clock.ms += 3 * hour;
  one.satellite.down = true;
  await t.throwsAsync(one.node.upkeep.settleOrders());
  one.satellite.down = false;
  await one.node.upkeep.settleOrders();
  await one.node.upkeep.settleOrders();
  // The test may run over the end of an hour.
  const settled = one.satellite.settlements.flat();
  t.deepEqual(settled.map(({ order }) => order!.amount).sort(), [1000, 700]);
  for (const { limit, order } of settled) t.deepEqual(toHex(limit!.serialNumber), toHex(order!.serialNumber));
  t.true(one.node.stats().settled.accepted >= 1);
  const archive = join(one.dir, "orders", "archive");
  t.true((await readdir(archive)).every((name) => name.endsWith("-ACCEPTED.v1")));
  t.deepEqual(await readdir(join(one.dir, "orders", "unsent")), []);

  one.satellite.reply = SettlementWithWindowResponse.create({ status: 1 });
  await one.put(randomBytes(10));
  one.clock.ms += 3 * hour;
  await one.node.upkeep.settleOrders();
  t.is(one.node.stats().settled.rejected, 1);
  one.clock.ms += 8 * 24 * hour;
  await one.node.upkeep.settleOrders();
  t.deepEqual(await readdir(archive), []);
});

test("satellites hear of damaged pieces", async (t) => {
  const one = await lab(t, { packed: false });
  const id = await one.put(randomBytes(100_000));
  const pieces = join(one.dir, "pieces");
  const [name] = (await readdir(pieces, { recursive: true })).filter((path) => path.endsWith(".piece"));
  await truncate(join(pieces, name!), 90_000);
  await throwsStatus(t, one.get(id, 100), RpcStatus.Internal, "damaged piece file");
  await one.restart();
  t.deepEqual(
    one.satellite.lost.map(({ pieceId, reason }) => [toHex(pieceId), reason]),
    [[toHex(id), LostPieceReason.HASH_MISMATCH]],
  );
});
