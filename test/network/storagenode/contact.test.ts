import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { verifyChain } from "../../../core/identity/chain.js";
import { createIdentity, type Identity } from "../../../core/identity/identity.js";
import { serveDrpc } from "../../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../../core/rpc/drpc/transport.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { bindService, type RunningServer } from "../../../core/rpc/transport.js";
import { type StorageNodeOptions, startStorageNode } from "../../../network/storagenode/index.js";
import { type CheckInRequest, CheckInResponse, ContactDefinition, NodeDefinition } from "../../../proto/gen/contact.js";
import { PieceAction } from "../../../proto/gen/orders.js";
import { ExistsRequest, PiecestoreDefinition } from "../../../proto/gen/piecestore.js";
import { downloadRange, nodeLab, storePiece, uploadMessages, uploadOf } from "../../helpers/node-lab.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { throwsStatus } from "../../helpers/throws-status.js";
import { until } from "../../helpers/until.js";

/** A satellite that keeps check-ins and pings back, over TLS. */
async function satelliteOf(
  t: ExecutionContext,
  identity: Identity,
  options: { port?: number; reply?: CheckInResponse } = {},
): Promise<{ server: RunningServer; checkIns: CheckInRequest[]; callers: string[] }> {
  const checkIns: CheckInRequest[] = [];
  const callers: string[] = [];
  const transport = createDrpcTransport({ identity });
  const server = await serveDrpc({
    identity,
    listen: { host: "127.0.0.1", port: options.port ?? 0 },
    services: [
      bindService(NodeDefinition, {
        async checkIn(request, { peerChain }) {
          const { nodeId } = verifyChain(peerChain!);
          const back = await transport.dial({ address: request.address, nodeId });
          await back.unary(ContactDefinition, ContactDefinition.methods.pingNode, {});
          await back.close();
          checkIns.push(request);
          callers.push(Buffer.from(nodeId).toString("hex"));
          return options.reply ?? CheckInResponse.create({ pingNodeSuccess: true });
        },
      }),
    ],
  });
  t.teardown(() => server.stop());
  return { server, checkIns, callers };
}

async function nodeOf(
  t: ExecutionContext,
  satellite: Identity,
  address: string,
  options: Partial<StorageNodeOptions> = {},
) {
  const dir = await tempDir();
  const identity = await createIdentity();
  const node = await startStorageNode({
    dir: dir.path,
    identity,
    satellites: [{ id: satellite.nodeId, address }],
    durable: false,
    ...options,
  });
  t.teardown(async () => {
    await node.stop();
    await dir.remove();
  });
  return { node, identity, dir: dir.path };
}

test("the node checks in at the start and answers the ping, over TLS", async (t) => {
  const identity = await createIdentity();
  const satellite = await satelliteOf(t, identity);
  const { node } = await nodeOf(t, identity, satellite.server.address, { version: "v1.2.3", wallet: "0x0" });
  t.is(satellite.checkIns.length, 1);
  const [request] = satellite.checkIns;
  t.is(request!.address, node.address);
  t.is(request!.version!.version, "v1.2.3");
  t.is(request!.operator!.wallet, "0x0");
  t.true(request!.capacity!.freeDisk > 0);
  t.deepEqual(satellite.callers, [Buffer.from(node.nodeId).toString("hex")]);
  t.is(node.stats().checkInProblem, undefined);
  t.true(node.stats().lastCheckInAt! > 0 && node.stats().lastPingAt! > 0);
  await node.checkIn();
  t.is(satellite.checkIns.length, 2);
});

test("it checks in again and again", async (t) => {
  const identity = await createIdentity();
  const satellite = await satelliteOf(t, identity);
  const { node } = await nodeOf(t, identity, satellite.server.address, { checkInIntervalMs: 1 });
  await until(() => satellite.checkIns.length >= 3);
  await node.stop();
  t.pass();
});

test("a satellite that is not there, or answers badly, is asked again", async (t) => {
  const identity = await createIdentity();
  const gone = await satelliteOf(t, identity);
  await gone.server.stop();
  const problems: string[] = [];
  const { node } = await nodeOf(t, identity, gone.server.address, {
    checkInIntervalMs: 1,
    onProblem: (message) => problems.push(message),
  });
  t.truthy(node.stats().checkInProblem);
  t.true(problems[0]!.includes("check-in with satellite"));
  await t.throwsAsync(node.checkIn());
  const reply = CheckInResponse.create({ pingNodeSuccess: false, pingErrorMessage: "no way" });
  const port = Number(gone.server.address.split(":")[1]);
  const bad = await satelliteOf(t, identity, { port, reply });
  await until(() => node.stats().checkInProblem?.includes("no way") === true);
  await bad.server.stop();
  const back = await satelliteOf(t, identity, { port });
  await until(() => node.stats().checkInProblem === undefined);
  t.true(back.checkIns.length > 0);
});

test("little space is told at once, but not again and again", async (t) => {
  const lab = await nodeLab(t);
  const satellite = await satelliteOf(t, lab.satellite);
  const { node, identity } = await nodeOf(t, lab.satellite, satellite.server.address, {
    capacityBytes: 100_000,
    lowSpaceBytes: 60_000,
    reserveBytes: 0,
  });
  t.is(satellite.checkIns.length, 1);
  t.is(satellite.checkIns[0]!.capacity!.freeDisk, 100_000);
  const uplink = createDrpcTransport({ identity: await createIdentity() });
  const connection = await uplink.dial({ address: node.address, nodeId: node.nodeId });
  const upload = async (size: number) => {
    const limit = lab.limit({ storageNodeId: identity.nodeId, limit: size });
    await uploadMessages(connection, uploadOf(lab, limit, randomBytes(size)));
  };
  await upload(30_000);
  t.is(satellite.checkIns.length, 1);
  await upload(20_000);
  await until(() => satellite.checkIns.length === 2);
  await upload(10_000);
  await throwsStatus(
    t,
    upload(90_000),
    RpcStatus.Aborted,
    /^not enough available disk space, have: 3\d{4}, need: 90000$/,
  );
  t.is(satellite.checkIns.length, 2);
  t.true(satellite.checkIns[1]!.capacity!.freeDisk < 60_000);
  await connection.close();
});

test("only trusted satellites may ping", async (t) => {
  const identity = await createIdentity();
  const satellite = await satelliteOf(t, identity);
  const { node } = await nodeOf(t, identity, satellite.server.address);
  const stranger = createDrpcTransport({ identity: await createIdentity() });
  const connection = await stranger.dial({ address: node.address, nodeId: node.nodeId });
  const ping = connection.unary(ContactDefinition, ContactDefinition.methods.pingNode, {});
  await throwsStatus(t, ping, RpcStatus.Unauthenticated, /satellite is untrusted$/);
  await connection.close();
});

test("calls that nodes no longer have", async (t) => {
  const { connection } = await nodeLab(t);
  const { methods } = PiecestoreDefinition;
  const exists = connection.unary(PiecestoreDefinition, methods.exists, ExistsRequest.create({}));
  await throwsStatus(t, exists, RpcStatus.Unimplemented, "exists is no longer supported");
  const deleted = connection.unary(PiecestoreDefinition, methods.delete, { limit: undefined });
  await throwsStatus(t, deleted, RpcStatus.Unimplemented, "delete is no longer supported");
  const several = connection.unary(PiecestoreDefinition, methods.deletePieces, { pieceIds: [] });
  await throwsStatus(t, several, RpcStatus.Unimplemented, "delete pieces is no longer supported");
});

test("over TLS, the satellite's key is learned by dialling it", async (t) => {
  const lab = await nodeLab(t);
  const satellite = await satelliteOf(t, lab.satellite);
  const { node, identity } = await nodeOf(t, lab.satellite, satellite.server.address);
  const uplink = createDrpcTransport({ identity: await createIdentity() });
  const connection = await uplink.dial({ address: node.address, nodeId: node.nodeId });
  const data = randomBytes(200_000);
  const fields = { storageNodeId: identity.nodeId };
  const limit = lab.limit(fields);
  const { done } = await uploadMessages(connection, uploadOf(lab, limit, data));
  t.is(done!.pieceSize, data.length);
  const get = lab.limit({ ...fields, action: PieceAction.GET, pieceId: limit.pieceId });
  t.true((await downloadRange({ ...lab, connection }, get, 0, data.length, 16_384)).data.equals(data));
  await connection.close();
});

test("without the satellite its limits can not be checked", async (t) => {
  const lab = await nodeLab(t);
  const gone = await satelliteOf(t, lab.satellite);
  await gone.server.stop();
  const { node, identity } = await nodeOf(t, lab.satellite, gone.server.address);
  const uplink = createDrpcTransport({ identity: await createIdentity() });
  const connection = await uplink.dial({ address: node.address, nodeId: node.nodeId });
  const limit = lab.limit({ storageNodeId: identity.nodeId });
  const upload = uploadMessages(connection, uploadOf(lab, limit, randomBytes(1)));
  await throwsStatus(t, upload, RpcStatus.Unauthenticated, "untrusted: unable to get signee");
  await connection.close();
});

test("a satellite whose chain proves another id is not trusted", async (t) => {
  const other = await createIdentity();
  const satellite = await createIdentity();
  const lab = await nodeLab(t, { satellites: [{ id: satellite.nodeId, address: "satellite", chain: other.chain }] });
  const limit = lab.limit({ satelliteId: satellite.nodeId });
  const upload = uploadMessages(lab.connection, uploadOf(lab, limit, randomBytes(1)));
  await throwsStatus(t, upload, RpcStatus.Unauthenticated, "untrusted: unable to get signee");
});

test("stopping lets a running transfer end within its grace", async (t) => {
  const lab = await nodeLab(t);
  const stored = await storePiece(lab, randomBytes(10));
  t.is(stored.pieceId.length, 32);
  const messages = uploadOf(lab, lab.limit(), randomBytes(100_000), 1000);
  const upload = uploadMessages(lab.connection, messages);
  await until(() => lab.node.stats().uploads.active === 1);
  await lab.node.stop({ graceMs: 10_000 });
  t.is((await upload).done!.pieceSize, 100_000);
});
