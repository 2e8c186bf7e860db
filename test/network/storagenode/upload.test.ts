import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import { goZeroSeconds, millisOfTimestamp, timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { splitCertificates, verifyChain } from "../../../core/identity/chain.js";
import { createIdentity } from "../../../core/identity/identity.js";
import { newPieceKey } from "../../../core/identity/piece-key.js";
import {
  signOrder,
  signOrderLimit,
  signPieceHashAsUplink,
  verifyNodePieceHash,
} from "../../../core/identity/signing.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { createPieceHasher } from "../../../core/segment/piece-hash.js";
import { type OrderLimit, PieceAction } from "../../../proto/gen/orders.js";
import { PieceUploadRequest } from "../../../proto/gen/piecestore.js";
import { frozen, lyingAboutHash, rejecting } from "../../helpers/faulty-node.js";
import {
  doneOf,
  downloadRange,
  type NodeLab,
  nodeLab,
  openUpload,
  sha256,
  storePiece,
  uploadMessages,
  uploadOf,
} from "../../helpers/node-lab.js";
import { throwsStatus } from "../../helpers/throws-status.js";
import { until } from "../../helpers/until.js";

async function temporaryFiles(lab: NodeLab): Promise<string[]> {
  return readdir(join(lab.dir, "temp"));
}

async function pieceFiles(lab: NodeLab): Promise<string[]> {
  const entries = await readdir(join(lab.dir, "pieces"), { recursive: true });
  return entries.filter((name) => name.endsWith(".piece"));
}

/** An upload that the node must refuse, leaving nothing behind. */
async function refused(
  t: ExecutionContext,
  lab: NodeLab,
  messages: Parameters<typeof uploadMessages>[1],
  status: number,
  message: RegExp | string,
): Promise<void> {
  await throwsStatus(t, uploadMessages(lab.connection, messages), status, message);
  t.deepEqual(await temporaryFiles(lab), []);
}

test("a piece is stored, and the node signs what it stored", async (t) => {
  const lab = await nodeLab(t, { durable: true, packed: false });
  for (const size of [0, 1, 65_536, 700_001]) {
    const data = randomBytes(size);
    const limit = lab.limit();
    const { done, nodeCertchain } = await uploadMessages(lab.connection, uploadOf(lab, limit, data));
    const { nodeId, leafKey } = verifyChain(splitCertificates(nodeCertchain));
    t.deepEqual(nodeId, lab.nodeIdentity.nodeId);
    t.true(verifyNodePieceHash(done!, leafKey));
    t.deepEqual(toHex(done!.pieceId), toHex(limit.pieceId));
    t.deepEqual(toHex(done!.hash), toHex(sha256(data)));
    t.is(done!.pieceSize, size);
    t.true(Math.abs(millisOfTimestamp(done!.timestamp)! - Date.now()) < 10_000);
    const get = lab.limit({ action: PieceAction.GET, pieceId: limit.pieceId });
    t.true(data.equals((await downloadRange(lab, get, 0, size)).data));
  }
  t.is((await pieceFiles(lab)).length, 4);
  t.deepEqual(await temporaryFiles(lab), []);
  t.is(lab.node.stats().uploads.succeeded, 4);
  t.is(lab.node.stats().uploads.bytes, 765_538);
});

test("everything may come in one message, as with a debounce limit", async (t) => {
  const lab = await nodeLab(t);
  const limit = lab.limit();
  const data = randomBytes(1000);
  const { done } = await uploadMessages(lab.connection, [
    { limit, order: lab.order(limit, 1000), chunk: { offset: 0, data }, done: doneOf(lab, limit, data) },
  ]);
  t.is(toHex(done!.hash), toHex(sha256(data)));
});

test("BLAKE3 when the first message asks for it", async (t) => {
  const lab = await nodeLab(t);
  const limit = lab.limit();
  const data = randomBytes(100_000);
  const hasher = createPieceHasher(1);
  hasher.update(data);
  const done = doneOf(lab, limit, data, hasher.digest(), 1);
  const reply = await uploadMessages(lab.connection, [
    { limit, hashAlgorithm: 1, order: lab.order(limit, data.length) },
    { chunk: { offset: 0, data } },
    { done },
  ]);
  t.is(reply.done!.hashAlgorithm, 1);
  t.deepEqual(toHex(reply.done!.hash), toHex(done.hash));
});

test("orders that grow with the data", async (t) => {
  const lab = await nodeLab(t);
  const limit = lab.limit();
  const data = randomBytes(300);
  await t.notThrowsAsync(
    uploadMessages(lab.connection, [
      { limit },
      { order: lab.order(limit, 100), chunk: { offset: 0, data: data.subarray(0, 100) } },
      { order: lab.order(limit, 100) },
      { order: lab.order(limit, 300), chunk: { offset: 100, data: data.subarray(100) } },
      { done: doneOf(lab, limit, data) },
    ]),
  );
});

const minutes = 60_000;
const bad: { why: string; fields: Partial<OrderLimit>; status: number; message: RegExp }[] = [
  { why: "negative", fields: { limit: -1 }, status: RpcStatus.InvalidArgument, message: /^order limit is negative$/ },
  {
    why: "other node",
    fields: { storageNodeId: new Uint8Array(32).fill(1) },
    status: RpcStatus.InvalidArgument,
    message: /^order intended for other storagenode: \w{40,}$/,
  },
  {
    why: "expired piece",
    fields: { pieceExpiration: timestampOfMillis(Date.now() - 49 * 60 * minutes) },
    status: RpcStatus.InvalidArgument,
    message: /^piece expired: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC$/,
  },
  {
    why: "expired order",
    fields: { orderExpiration: timestampOfMillis(Date.now() - 49 * 60 * minutes) },
    status: RpcStatus.InvalidArgument,
    message: /^order expired: /,
  },
  {
    why: "too old",
    fields: { orderCreation: timestampOfMillis(Date.now() - 61 * minutes) },
    status: RpcStatus.InvalidArgument,
    message: /^order created too long ago: /,
  },
  {
    why: "no creation time",
    fields: { orderCreation: undefined },
    status: RpcStatus.InvalidArgument,
    message: /^order created too long ago: OrderCreation 0001-01-01 00:00:00 \+0000 UTC /,
  },
  {
    why: "from the future",
    fields: { orderCreation: timestampOfMillis(Date.now() + 61 * minutes) },
    status: RpcStatus.InvalidArgument,
    message: /^order created too far in the future: /,
  },
  {
    why: "no satellite",
    fields: { satelliteId: new Uint8Array(32) },
    status: RpcStatus.InvalidArgument,
    message: /^missing satellite id$/,
  },
  {
    why: "no uplink key",
    fields: { uplinkPublicKey: new Uint8Array(0) },
    status: RpcStatus.InvalidArgument,
    message: /^missing uplink public key$/,
  },
  {
    why: "no piece id",
    fields: { pieceId: new Uint8Array(32) },
    status: RpcStatus.InvalidArgument,
    message: /^missing piece id$/,
  },
  {
    why: "untrusted satellite",
    fields: { satelliteId: new Uint8Array(32).fill(7) },
    status: RpcStatus.PermissionDenied,
    message: /satellite is untrusted$/,
  },
  {
    why: "not for uploads",
    fields: { action: PieceAction.GET },
    status: RpcStatus.InvalidArgument,
    message: /^expected put or put repair action got GET$/,
  },
];

test("order limits that are refused", async (t) => {
  const lab = await nodeLab(t);
  for (const { why, fields, status, message } of bad) {
    const messages = uploadOf(lab, lab.limit(fields), randomBytes(10));
    await throwsStatus(t, uploadMessages(lab.connection, messages), status, message, why);
  }
  t.deepEqual(await pieceFiles(lab), []);
  t.is(lab.node.stats().usedSerials, 0, "a refused limit uses nothing up");
});

test("times within the grace periods are accepted", async (t) => {
  const lab = await nodeLab(t);
  for (const fields of [
    { pieceExpiration: timestampOfMillis(Date.now() - 47 * 60 * minutes) },
    { pieceExpiration: { seconds: goZeroSeconds, nanos: 0 } },
    { orderCreation: timestampOfMillis(Date.now() - 59 * minutes) },
    { orderCreation: timestampOfMillis(Date.now() + 59 * minutes) },
    { action: PieceAction.PUT_REPAIR },
  ]) {
    await t.notThrowsAsync(uploadMessages(lab.connection, uploadOf(lab, lab.limit(fields), randomBytes(10))));
  }
});

test("signatures of the satellite are checked", async (t) => {
  const lab = await nodeLab(t);
  const good = lab.limit();
  const invalid = /^untrusted: invalid order limit signature/;
  await refused(t, lab, uploadOf(lab, { ...good, limit: good.limit + 1 }, randomBytes(1)), 16, invalid);
  const other = signOrderLimit(good, await createIdentity());
  await refused(t, lab, uploadOf(lab, other, randomBytes(1)), RpcStatus.Unauthenticated, invalid);
  const unsigned = { ...good, satelliteSignature: new Uint8Array(0) };
  await refused(t, lab, uploadOf(lab, unsigned, randomBytes(1)), 3, "missing satellite signature");
  await t.notThrowsAsync(uploadMessages(lab.connection, uploadOf(lab, good, randomBytes(1))));
});

test("a serial number is good for one use, also after a restart", async (t) => {
  const lab = await nodeLab(t);
  const limit = await storePiece(lab, randomBytes(10));
  const again = uploadOf(lab, limit, randomBytes(10));
  await refused(t, lab, again, RpcStatus.Unauthenticated, /^used serial already exists in store/);
  await lab.restart();
  await refused(t, lab, again, RpcStatus.Unauthenticated, /^used serial already exists in store/);
  t.is(lab.node.stats().usedSerials, 1);
});

test("messages out of line are refused", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(100);
  const chunk = { offset: 0, data };
  const limitOf = () => lab.limit({ limit: 100 });
  const start = (amount = 100) => {
    const limit = limitOf();
    return { limit, first: { limit, order: lab.order(limit, amount) } };
  };

  await refused(t, lab, [{ chunk }], 3, "expected order limit as the first message");
  await refused(t, lab, [], RpcStatus.Canceled, /EOF/);
  await refused(t, lab, [{ limit: limitOf() }, { chunk }], 3, "not enough allocated, allocated=0 writing=100");
  await refused(t, lab, [start(99).first, { chunk }], 3, "not enough allocated, allocated=99 writing=100");
  await refused(t, lab, [start().first, { chunk: { offset: 1, data } }], 3, "chunk out of order");
  await refused(t, lab, [start().first, { chunk }], RpcStatus.Aborted, "unexpected EOF");
  const over = limitOf();
  await refused(
    t,
    lab,
    [{ limit: over, order: lab.order(over, 101) }],
    3,
    "order exceeded allowed amount=101, limit=100",
  );
  const fewer = limitOf();
  await refused(
    t,
    lab,
    [{ limit: fewer, order: lab.order(fewer, 50) }, { order: lab.order(fewer, 49) }],
    3,
    "order contained smaller amount=49, previous=50",
  );
  await refused(t, lab, [{ limit: limitOf(), order: lab.order(over, 1) }], 3, /^order serial number changed/);
  const forged = limitOf();
  const order = signOrder({ ...lab.order(forged, 1) }, newPieceKey().privateKey);
  await refused(t, lab, [{ limit: forged, order }], RpcStatus.Unauthenticated, /invalid signature/);
});

test("the uplink's hash must be right in every field", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(100);
  const withDone = (change: (limit: OrderLimit) => ReturnType<typeof doneOf>) => {
    const limit = lab.limit();
    return [{ limit, order: lab.order(limit, 100) }, { chunk: { offset: 0, data } }, { done: change(limit) }];
  };
  const sign = (limit: OrderLimit, fields: object, key = lab.key) =>
    signPieceHashAsUplink({ ...doneOf(lab, limit, data), ...fields }, key.privateKey);
  const internal = RpcStatus.Internal;
  await refused(
    t,
    lab,
    withDone((l) => sign(l, { hash: sha256(randomBytes(1)) })),
    internal,
    "hashes don't match",
  );
  await refused(
    t,
    lab,
    withDone((l) => sign(l, { pieceId: randomBytes(32) })),
    internal,
    "piece id changed",
  );
  await refused(
    t,
    lab,
    withDone((l) => sign(l, {}, newPieceKey())),
    internal,
    "invalid piece hash signature",
  );
  await refused(
    t,
    lab,
    withDone((l) => sign(l, { hashAlgorithm: 1 })),
    internal,
    /^Hash algorithm in the first and last/,
  );
  await refused(
    t,
    lab,
    withDone((l) => sign(l, { pieceSize: 99 })),
    3,
    /^Size of finished piece .* 99 != 100$/,
  );
  t.deepEqual(await pieceFiles(lab), []);
});

test("a node without room refuses before it takes anything", async (t) => {
  const lab = await nodeLab(t, { capacityBytes: 4000, packed: false });
  const small = lab.limit({ limit: 1000 });
  await uploadMessages(lab.connection, uploadOf(lab, small, randomBytes(1000)));
  t.is(lab.node.stats().usedBytes, 2028);
  const limit = lab.limit({ limit: 1000 });
  const message = /^not enough available disk space, have: 944, need: 1000$/;
  await refused(t, lab, uploadOf(lab, limit, randomBytes(1000)), RpcStatus.Aborted, message);
  await lab.restart({ capacityBytes: 4000, packed: false });
  t.is(lab.node.stats().usedBytes, 2028, "counted again at the start");
});

test("more transfers than allowed are refused", async (t) => {
  const lab = await nodeLab(t, { maxTransfers: 1 });
  const first = openUpload(lab.connection);
  const limit = lab.limit();
  await first.send(PieceUploadRequest.create({ limit }));
  await until(() => lab.node.stats().uploads.active === 1);
  const messages = uploadOf(lab, lab.limit(), randomBytes(1));
  await refused(t, lab, messages, RpcStatus.Unavailable, "storage node overloaded, request limit: 1");
  first.cancel();
  await until(() => lab.node.stats().uploads.active === 0);
  await t.notThrowsAsync(uploadMessages(lab.connection, uploadOf(lab, lab.limit(), randomBytes(1))));
});

test("a called-off upload leaves nothing, except its order", async (t) => {
  const lab = await nodeLab(t);
  const limit = lab.limit();
  const stream = openUpload(lab.connection);
  const data = randomBytes(512 * 1024);
  await stream.send(PieceUploadRequest.create({ limit, order: lab.order(limit, data.length) }));
  await stream.send(PieceUploadRequest.create({ chunk: { offset: 0, data } }));
  await until(async () => (await temporaryFiles(lab)).length === 1);
  stream.cancel();
  await until(() => lab.node.stats().uploads.active === 0);
  t.deepEqual(await temporaryFiles(lab), []);
  t.deepEqual(await pieceFiles(lab), []);
  t.is(lab.node.stats().uploads.canceled, 1);
  await lab.node.stop();
  t.is((await readdir(join(lab.dir, "orders", "unsent"))).length, 1);
});

test("a caller that sends nothing does not stay for ever", async (t) => {
  const lab = await nodeLab(t, { messageTimeoutMs: 20 });
  const stream = openUpload(lab.connection);
  await t.throwsAsync(stream.receive(), { code: "deadline-exceeded" });
  t.is(lab.node.stats().uploads.active, 0);
});

test("pieces of two satellites or two ids do not meet", async (t) => {
  const lab = await nodeLab(t);
  const [a, b] = [randomBytes(50), randomBytes(50)];
  const [one, two] = [await storePiece(lab, a), await storePiece(lab, b)];
  const get = (pieceId: Uint8Array) => lab.limit({ action: PieceAction.GET, pieceId });
  t.true(a.equals((await downloadRange(lab, get(one.pieceId), 0, 50)).data));
  t.true(b.equals((await downloadRange(lab, get(two.pieceId), 0, 50)).data));
});

test("many uploads at once", async (t) => {
  const lab = await nodeLab(t, { durable: true, packed: false });
  const pieces = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const data = randomBytes(10_000 * i);
      const limit = await storePiece(lab, data);
      return { data, limit };
    }),
  );
  for (const { data, limit } of pieces) {
    const get = lab.limit({ action: PieceAction.GET, pieceId: limit.pieceId });
    t.true(data.equals((await downloadRange(lab, get, 0, data.length)).data));
  }
});

test("faults: rejecting, frozen and lying nodes", async (t) => {
  const rejectingLab = await nodeLab(t, { faults: rejecting(["upload"]) });
  const messages = uploadOf(rejectingLab, rejectingLab.limit(), randomBytes(1));
  await refused(t, rejectingLab, messages, RpcStatus.Internal, /refused by a fault/);

  const frozenLab = await nodeLab(t, { faults: frozen() });
  const stream = openUpload(frozenLab.connection);
  await until(() => frozenLab.node.stats().uploads.active === 1);
  stream.cancel();
  await until(() => frozenLab.node.stats().uploads.active === 0);

  const lyingLab = await nodeLab(t, { faults: lyingAboutHash() });
  const data = randomBytes(9);
  const { done, nodeCertchain } = await uploadMessages(lyingLab.connection, uploadOf(lyingLab, lyingLab.limit(), data));
  t.true(verifyNodePieceHash(done!, verifyChain(splitCertificates(nodeCertchain)).leafKey));
  t.notDeepEqual(toHex(done!.hash), toHex(sha256(data)));
});

test("leftovers of a crash are removed at the start", async (t) => {
  const lab = await nodeLab(t);
  await writeFile(join(lab.dir, "temp", "left-over"), randomBytes(10));
  await lab.restart();
  t.deepEqual(await temporaryFiles(lab), []);
});
