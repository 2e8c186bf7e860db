import { randomBytes } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { newPieceKey } from "../../../core/identity/piece-key.js";
import { signOrder, verifyOrderLimit, verifyUplinkPieceHash } from "../../../core/identity/signing.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { type OrderLimit, PieceAction } from "../../../proto/gen/orders.js";
import { PieceDownloadRequest } from "../../../proto/gen/piecestore.js";
import { corrupting, frozen, rejecting, slow, stallingAfter } from "../../helpers/faulty-node.js";
import { downloadRange, type NodeLab, nodeLab, openDownload, sha256, storePiece } from "../../helpers/node-lab.js";
import { throwsStatus } from "../../helpers/throws-status.js";
import { until } from "../../helpers/until.js";

function getLimit(lab: NodeLab, stored: OrderLimit, fields: Partial<OrderLimit> = {}): OrderLimit {
  return lab.limit({ action: PieceAction.GET, pieceId: stored.pieceId, ...fields });
}

async function firstAnswer(lab: NodeLab, ...messages: Parameters<typeof PieceDownloadRequest.create>[0][]) {
  const stream = openDownload(lab.connection);
  for (const message of messages) await stream.send(PieceDownloadRequest.create(message));
  try {
    return await stream.receive();
  } finally {
    stream.cancel();
  }
}

test("ranges of a piece, in messages no larger than asked for", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(600_000);
  const stored = await storePiece(lab, data);
  for (const [offset, size, asked, largest] of [
    [0, 600_000, 16_384, 16_384],
    [0, 600_000, 0, 1024 * 1024],
    [1, 599_999, 1024, 1024 * 1024],
    [100_000, 300_000, 1025, 1025],
    [599_999, 1, 16_384, 1],
  ] as const) {
    const { data: got, responses } = await downloadRange(lab, getLimit(lab, stored), offset, size, asked);
    t.true(data.subarray(offset, offset + size).equals(got), `${offset}+${size}`);
    let at: number = offset;
    for (const { chunk } of responses) {
      t.is(chunk!.offset, at);
      t.true(chunk!.data.length > 0 && chunk!.data.length <= largest);
      at += chunk!.data.length;
    }
  }
  await until(() => lab.node.stats().downloads.active === 0);
  t.is(lab.node.stats().downloads.succeeded, 5);
});

test("the empty range ends when the caller closes", async (t) => {
  const lab = await nodeLab(t);
  const stored = await storePiece(lab, randomBytes(0));
  t.is((await downloadRange(lab, getLimit(lab, stored, { limit: 0 }), 0, 0)).data.length, 0);
});

test("no bytes before the first order, and never more than ordered", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(5000);
  const limit = getLimit(lab, await storePiece(lab, data));
  const stream = openDownload(lab.connection);
  await stream.send(PieceDownloadRequest.create({ limit, chunk: { offset: 0, chunkSize: 5000 } }));
  await until(() => lab.node.stats().downloads.active === 1);
  t.is(lab.node.stats().downloads.bytes, 0);
  let received = Buffer.alloc(0);
  for (const amount of [1000, 1000, 1700, 5000]) {
    await stream.send(PieceDownloadRequest.create({ order: lab.order(limit, amount) }));
    while (received.length < amount) received = Buffer.concat([received, (await stream.receive())!.chunk!.data]);
    t.is(received.length, amount);
  }
  t.true(data.equals(received));
  t.is(lab.node.stats().downloads.active, 1, "the node does not close by itself");
  await stream.closeSend();
  t.is(await stream.receive(), undefined);
});

test("an order may come with the limit", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(10);
  const limit = getLimit(lab, await storePiece(lab, data));
  const chunk = { offset: 0, chunkSize: 10 };
  const answer = await firstAnswer(lab, { limit, chunk, order: lab.order(limit, 10) });
  t.true(data.equals(answer!.chunk!.data));
});

test("closing early ends the call well", async (t) => {
  const lab = await nodeLab(t);
  const limit = getLimit(lab, await storePiece(lab, randomBytes(1000)));
  const stream = openDownload(lab.connection);
  await stream.send(PieceDownloadRequest.create({ limit, chunk: { offset: 0, chunkSize: 1000 } }));
  await stream.send(PieceDownloadRequest.create({ order: lab.order(limit, 400) }));
  t.is((await stream.receive())!.chunk!.data.length, 400);
  await stream.closeSend();
  t.is(await stream.receive(), undefined);
  t.is(lab.node.stats().downloads.canceled, 1);
});

test("a caller that reads nothing holds no more than it was sent", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(1024 * 1024);
  const limit = getLimit(lab, await storePiece(lab, data), { limit: data.length });
  const stream = openDownload(lab.connection);
  await stream.send(PieceDownloadRequest.create({ limit, chunk: { offset: 0, chunkSize: data.length } }));
  await stream.send(PieceDownloadRequest.create({ order: lab.order(limit, data.length) }));
  await stream.receive();
  stream.cancel();
  await until(() => lab.node.stats().downloads.active === 0);
  t.true(lab.node.stats().downloads.bytes < data.length, "backpressure");
  t.is(lab.node.stats().downloads.canceled, 1);
});

test("GET_REPAIR sends the uplink's hash and limit first", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(1000);
  const stored = await storePiece(lab, data);
  const limit = getLimit(lab, stored, { action: PieceAction.GET_REPAIR });
  const { data: got, responses } = await downloadRange(lab, limit, 0, 1000);
  t.true(data.equals(got));
  const [first] = responses;
  t.is(first!.chunk, undefined);
  t.deepEqual(toHex(first!.hash!.hash), toHex(sha256(data)));
  t.is(first!.hash!.pieceSize, 1000);
  t.true(verifyUplinkPieceHash(first!.hash!, stored.uplinkPublicKey));
  t.true(verifyOrderLimit(first!.limit!, verifyChain(lab.satellite.chain).leafKey));
  t.deepEqual(toHex(first!.limit!.serialNumber), toHex(stored.serialNumber));
});

test("GET_AUDIT downloads as GET does", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(1000);
  const limit = getLimit(lab, await storePiece(lab, data), { action: PieceAction.GET_AUDIT });
  t.true(data.subarray(256, 512).equals((await downloadRange(lab, limit, 256, 256)).data));
});

test("requests that are refused", async (t) => {
  const lab = await nodeLab(t);
  const stored = await storePiece(lab, randomBytes(1000));
  const chunk = { offset: 0, chunkSize: 1000 };
  const invalid = RpcStatus.InvalidArgument;
  for (const [message, status, text] of [
    [{ chunk }, invalid, "expected order limit and chunk as the first message"],
    [{ limit: getLimit(lab, stored) }, invalid, "expected order limit and chunk as the first message"],
    [
      { limit: getLimit(lab, stored, { action: PieceAction.PUT }), chunk },
      invalid,
      "expected get or get repair or audit action got PUT",
    ],
    [
      { limit: getLimit(lab, stored, { limit: 999 }), chunk },
      invalid,
      "requested more that order limit allows, limit=999 requested=1000",
    ],
    [
      { limit: getLimit(lab, stored), chunk: { offset: 1, chunkSize: 1000 } },
      invalid,
      "requested more data than available, requesting=1001 available=1000",
    ],
    [{ limit: getLimit(lab, stored), chunk: { offset: -1, chunkSize: 10 } }, invalid, "requested a negative range"],
    [{ limit: lab.limit({ action: PieceAction.GET }), chunk }, RpcStatus.NotFound, "file does not exist"],
  ] as const) {
    await throwsStatus(t, firstAnswer(lab, message), status, text);
  }
  const used = getLimit(lab, stored);
  await downloadRange(lab, used, 0, 10);
  await throwsStatus(t, firstAnswer(lab, { limit: used, chunk }), RpcStatus.Unauthenticated, /^used serial/);
});

test("orders that are no good end the download with 13, as at the real node", async (t) => {
  const lab = await nodeLab(t);
  const stored = await storePiece(lab, randomBytes(1000));
  const chunk = { offset: 0, chunkSize: 1000 };
  const attempt = async (order: (limit: OrderLimit) => object, message: RegExp) => {
    const limit = getLimit(lab, stored, { limit: 1000 });
    await throwsStatus(t, firstAnswer(lab, { limit, chunk }, order(limit)), RpcStatus.Internal, message);
  };
  await attempt((limit) => ({ order: lab.order(limit, 1001) }), /^order exceeded allowed amount=1001, limit=1000$/);
  await attempt((limit) => ({ order: signOrder(lab.order(limit, 1), newPieceKey().privateKey) }), /invalid signature$/);
  await attempt(() => ({ chunk }), /^expected order as the message$/);
  await until(() => lab.node.stats().downloads.active === 0);
  t.is(lab.node.stats().downloads.failed, 3);
});

async function onlyPieceFile(lab: NodeLab): Promise<string> {
  const pieces = join(lab.dir, "pieces");
  const [name] = (await readdir(pieces, { recursive: true })).filter((one) => one.endsWith(".piece"));
  return join(pieces, name!);
}

test("damaged files are found out, and are no crash", async (t) => {
  const lab = await nodeLab(t, { packed: false });
  const stored = await storePiece(lab, randomBytes(1000));
  const path = await onlyPieceFile(lab);
  await writeFile(path, randomBytes(2024));
  const repair = getLimit(lab, stored, { action: PieceAction.GET_REPAIR });
  const chunk = { offset: 0, chunkSize: 10 };
  await throwsStatus(t, firstAnswer(lab, { limit: repair, chunk }), RpcStatus.Internal, "damaged piece file");
  await truncate(path, 10);
  const get = getLimit(lab, stored);
  await throwsStatus(t, firstAnswer(lab, { limit: get, chunk }), RpcStatus.Internal, "damaged piece file");
  t.is(lab.node.stats().lost, 2);
});

test("not a byte of a damaged block is sent; audits and repairs get nothing of the piece", async (t) => {
  const lab = await nodeLab(t, { packed: false });
  const data = randomBytes(200_000);
  const stored = await storePiece(lab, data);
  const path = await onlyPieceFile(lab);
  const bytes = await readFile(path);
  bytes[150_000]! ^= 1;
  await writeFile(path, bytes);

  const good = await downloadRange(lab, getLimit(lab, stored), 0, 131_072);
  t.true(good.data.equals(data.subarray(0, 131_072)));
  const last = await downloadRange(lab, getLimit(lab, stored), 196_608, 1000);
  t.true(last.data.equals(data.subarray(196_608, 197_608)));
  t.is(lab.node.stats().lost, 0);
  const over = downloadRange(lab, getLimit(lab, stored), 131_071, 10);
  await throwsStatus(t, over, RpcStatus.Internal, "the piece is damaged");
  for (const action of [PieceAction.GET_AUDIT, PieceAction.GET_REPAIR]) {
    const looked = firstAnswer(lab, { limit: getLimit(lab, stored, { action }), chunk: { offset: 0, chunkSize: 10 } });
    await throwsStatus(t, looked, RpcStatus.Internal, "the piece is damaged");
  }
  t.is(lab.node.stats().lost, 3);
});

test("faults: corrupting, stalling, slow, frozen and rejecting nodes", async (t) => {
  const data = randomBytes(40_000);
  const attempt = async (lab: NodeLab) => {
    const limit = getLimit(lab, await storePiece(lab, data));
    return downloadRange(lab, limit, 0, data.length, 16_384);
  };
  const corrupted = (await attempt(await nodeLab(t, { faults: corrupting() }))).data;
  t.is(corrupted.length, data.length);
  t.false(corrupted.equals(data));
  t.true((await attempt(await nodeLab(t, { faults: slow(1) }))).data.equals(data));
  await t.throwsAsync(attempt(await nodeLab(t, { faults: rejecting(["download"]) })), {
    message: /refused by a fault/,
  });

  for (const faults of [frozen(["download"]), stallingAfter(16_384)]) {
    const lab = await nodeLab(t, { faults });
    const limit = getLimit(lab, await storePiece(lab, data));
    const stream = openDownload(lab.connection);
    const chunk = { offset: 0, chunkSize: data.length };
    await stream.send(PieceDownloadRequest.create({ limit, chunk, order: lab.order(limit, data.length) }));
    await until(() => lab.node.stats().downloads.active === 1);
    stream.cancel();
    await until(() => lab.node.stats().downloads.active === 0);
    t.pass();
  }
});
