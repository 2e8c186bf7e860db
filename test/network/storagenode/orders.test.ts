import { randomBytes } from "node:crypto";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import {
  decodeOrdersFile,
  encodeEntry,
  encodeFileHeader,
  ordersFileHeaderSize,
  ordersWindow,
  unsentFileName,
  windowOfFileName,
} from "../../../network/storagenode/orders-file.js";
import { openOrdersStore } from "../../../network/storagenode/orders-store.js";
import { Order, OrderLimit, PieceAction } from "../../../proto/gen/orders.js";
import { downloadRange, nodeLab, storePiece } from "../../helpers/node-lab.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { until } from "../../helpers/until.js";

const satelliteId = new Uint8Array(32).fill(9);

function entryOf(amount: number, seconds: number) {
  const serialNumber = randomBytes(16);
  return {
    limit: OrderLimit.create({ serialNumber, satelliteId, orderCreation: { seconds, nanos: 5 } }),
    order: Order.create({ serialNumber, amount, uplinkSignature: randomBytes(64) }),
  };
}

test("files are named by satellite and hour in nanoseconds", (t) => {
  const windowMs = ordersWindow({ seconds: 1_700_003_599, nanos: 0 });
  t.is(windowMs, 1_700_002_800_000);
  const name = unsentFileName(satelliteId, windowMs);
  t.regex(name, /^unsent-orders-1\w+-1700002800000000000\.v1$/);
  t.is(windowOfFileName(name), windowMs);
  t.is(windowOfFileName("unsent-orders.v1"), undefined);
  t.is(windowOfFileName(`${name}.part`), undefined);
});

// storj/storj storagenode/orders/ordersfile reads such files.
test("a file in the real node's format", (t) => {
  const windowMs = 3_600_000;
  const entry = {
    limit: OrderLimit.create({ serialNumber: new Uint8Array(16).fill(1), limit: 5 }),
    order: Order.create({ serialNumber: new Uint8Array(16).fill(1), amount: 3 }),
  };
  t.is(toHex(encodeFileHeader(satelliteId, windowMs)), `0ddba11acc01ade5${"09".repeat(32)}00a0b83046030000`);
  const limit = `1400${"0a10"}${"01".repeat(16)}3005`;
  const order = `1400${"0a10"}${"01".repeat(16)}1003`;
  t.is(toHex(encodeEntry(entry)), `5ca1ab1eba5eba11${limit}${order}55aa89c7feed1f00d1c0ffee`);
});

test("damaged entries are skipped", (t) => {
  const entries = [entryOf(1, 7), entryOf(2, 8), entryOf(3, 9)];
  const encoded = entries.map(encodeEntry);
  const whole = Buffer.concat([encodeFileHeader(satelliteId, 0), ...encoded]);
  t.deepEqual(
    decodeOrdersFile(whole)!.entries.map((one) => one.order.amount),
    [1, 2, 3],
  );
  t.deepEqual(toHex(decodeOrdersFile(whole)!.satelliteId), toHex(satelliteId));
  const flipped = Buffer.from(whole);
  flipped[ordersFileHeaderSize + encoded[0]!.length + 40]! ^= 1;
  const read = decodeOrdersFile(flipped)!;
  t.deepEqual(
    read.entries.map((one) => one.order.amount),
    [1, 3],
  );
  t.is(read.damaged, 1);
  const cut = decodeOrdersFile(whole.subarray(0, -5))!;
  t.deepEqual(
    cut.entries.map((one) => one.order.amount),
    [1, 2],
  );
  t.is(cut.damaged, 1);
  t.is(decodeOrdersFile(Buffer.alloc(100)), undefined);
  t.is(decodeOrdersFile(whole.subarray(0, 20)), undefined);
});

test("the store appends by satellite and hour, and survives a cut file", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const problems: string[] = [];
  const open = () => openOrdersStore({ dir: dir.path, durable: true, onProblem: (message) => problems.push(message) });
  let store = await open();
  const entries = [entryOf(1, 100), entryOf(2, 200), entryOf(3, 3700), entryOf(0, 100)];
  for (const { limit, order } of entries) store.add(limit, order);
  await store.close();
  const unsent = join(dir.path, "orders", "unsent");
  const names = (await readdir(unsent)).sort();
  t.is(names.length, 2);
  await appendFile(join(unsent, unsentFileName(satelliteId, 0)), encodeEntry(entryOf(9, 100)).subarray(0, 50));
  await writeFile(join(unsent, unsentFileName(satelliteId, 7_200_000)), "something else");

  store = await open();
  const later = entryOf(4, 300);
  store.add(later.limit, later.order);
  await store.flush();
  const amounts: number[] = [];
  for await (const { order } of store.recent(0)) amounts.push(order.amount);
  t.deepEqual(amounts.sort(), [1, 2, 3, 4]);
  const recent: number[] = [];
  for await (const { order } of store.recent(3_600_000)) recent.push(order.amount);
  t.deepEqual(recent, [3]);
  t.true(problems.some((one) => one.includes("damaged")));
  t.true(problems.some((one) => one.includes("not a file of orders")));
  await store.close();
});

test("uploads and downloads leave their largest order", async (t) => {
  const lab = await nodeLab(t);
  const data = randomBytes(1000);
  const put = await storePiece(lab, data);
  const get = lab.limit({ action: PieceAction.GET, pieceId: put.pieceId });
  await downloadRange(lab, get, 0, 600);
  await until(() => lab.node.stats().downloads.active === 0);
  await lab.node.stop();
  const unsent = join(lab.dir, "orders", "unsent");
  const files = await Promise.all((await readdir(unsent)).map((name) => readFile(join(unsent, name))));
  const entries = files.flatMap((file) => decodeOrdersFile(file)!.entries);
  const amounts = new Map(entries.map(({ limit, order }) => [limit.action, order.amount]));
  t.deepEqual(
    amounts,
    new Map([
      [PieceAction.PUT, 1000],
      [PieceAction.GET, 600],
    ]),
  );
});
