import { randomBytes } from "node:crypto";
import { appendFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import {
  archivedAtOfFileName,
  archivedFileName,
  decodeEntries,
  decodeFileHeader,
  encodeEntry,
  encodeFileHeader,
  type OrderEntry,
  ordersFileHeaderSize,
  ordersWindow,
  unsentFileName,
  windowOfFileName,
} from "../../../network/storagenode/orders-file.js";
import { readOrdersFile } from "../../../network/storagenode/orders-reader.js";
import { openOrdersStore } from "../../../network/storagenode/orders-store.js";
import { Order, OrderLimit, PieceAction } from "../../../proto/gen/orders.js";
import { downloadRange, nodeLab, storePiece } from "../../helpers/node-lab.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { until } from "../../helpers/until.js";

// The last byte is the version, which names of files leave out.
const satelliteId = new Uint8Array(32).fill(9, 0, 31);

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
  t.deepEqual(windowOfFileName(name), { satelliteId, windowMs });
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
  t.is(toHex(encodeFileHeader(satelliteId, windowMs)), `0ddba11acc01ade5${"09".repeat(31)}0000a0b83046030000`);
  const limit = `1400${"0a10"}${"01".repeat(16)}3005`;
  const order = `1400${"0a10"}${"01".repeat(16)}1003`;
  t.is(toHex(encodeEntry(entry)), `5ca1ab1eba5eba11${limit}${order}55aa89c7feed1f00d1c0ffee`);
});

function amountsOf(entries: readonly OrderEntry[]): number[] {
  return entries.map(({ order }) => order.amount);
}

test("damaged entries are skipped", (t) => {
  const encoded = [entryOf(1, 7), entryOf(2, 8), entryOf(3, 9)].map(encodeEntry);
  const whole = Buffer.concat(encoded);
  t.deepEqual(amountsOf(decodeEntries(whole, true).entries), [1, 2, 3]);
  const flipped = Buffer.from(whole);
  flipped[encoded[0]!.length + 40]! ^= 1;
  t.deepEqual(amountsOf(decodeEntries(flipped, true).entries), [1, 3]);
  t.is(decodeEntries(flipped, true).damaged, 1);
  const cut = decodeEntries(Buffer.concat([encoded[0]!, encoded[1]!.subarray(0, 60), encoded[2]!]), true);
  t.deepEqual(amountsOf(cut.entries), [1, 3]);
  t.is(cut.damaged, 1);
  t.is(decodeEntries(whole.subarray(0, -5), true).damaged, 1);
  t.deepEqual(decodeEntries(Buffer.alloc(100), true), { entries: [], damaged: 1, next: 100 });
});

test("entries come the same from pieces of a file, damaged or not", (t) => {
  const encoded = [entryOf(1, 7), entryOf(2, 8), entryOf(3, 9), entryOf(4, 9)].map(encodeEntry);
  const file = Buffer.concat([encoded[0]!, Buffer.alloc(20), encoded[1]!, encoded[2]!.subarray(0, 30), encoded[3]!]);
  const { entries } = decodeEntries(file, true);
  t.deepEqual(amountsOf(entries), [1, 2, 4]);
  for (let at = 0; at <= file.length; at++) {
    const first = decodeEntries(file.subarray(0, at), false);
    const second = decodeEntries(file.subarray(first.next), true);
    t.deepEqual(amountsOf([...first.entries, ...second.entries]), [1, 2, 4], `cut at ${at}`);
  }
});

test("headers", (t) => {
  const header = encodeFileHeader(satelliteId, 7_200_000);
  t.is(header.length, ordersFileHeaderSize);
  t.deepEqual(decodeFileHeader(header), { satelliteId, windowMs: 7_200_000 });
  t.is(decodeFileHeader(header.subarray(0, 47)), undefined);
  t.is(decodeFileHeader(Buffer.alloc(48)), undefined);
});

test("large files are read in parts", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const path = join(dir.path, "orders");
  const entry = entryOf(0, 1);
  const amounts = Array.from({ length: 12_000 }, (_, i) => i + 1);
  const encoded = amounts.map((amount) => encodeEntry({ ...entry, order: { ...entry.order, amount } }));
  await writeFile(path, Buffer.concat([encodeFileHeader(satelliteId, 0), ...encoded]));
  t.true((await stat(path)).size > 1024 * 1024);
  const read: number[] = [];
  for await (const { order } of readOrdersFile(path, (problem) => t.fail(problem))) read.push(order.amount);
  t.deepEqual(read, amounts);
});

test("the store appends by satellite and hour, and survives a cut file", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const problems: string[] = [];
  const open = () =>
    openOrdersStore({
      dir: dir.path,
      durable: true,
      orderGraceMs: 3_600_000,
      onProblem: (message) => problems.push(message),
    });
  let store = await open();
  const entries = [entryOf(1, 100), entryOf(2, 200), entryOf(3, 3700), entryOf(0, 100)];
  for (const { limit, order } of entries) store.begin(limit)(order);
  await store.close();
  const unsent = join(dir.path, "orders", "unsent");
  const names = (await readdir(unsent)).sort();
  t.is(names.length, 2);
  await appendFile(join(unsent, unsentFileName(satelliteId, 0)), encodeEntry(entryOf(9, 100)).subarray(0, 50));
  await writeFile(join(unsent, unsentFileName(satelliteId, 7_200_000)), "something else");

  store = await open();
  const later = entryOf(4, 300);
  store.begin(later.limit)(later.order);
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

test("windows are settled when no order can come any more, then archived, and pruned in the end", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const hour = 3_600_000;
  const onProblem = (message: string) => t.fail(message);
  const store = await openOrdersStore({ dir: dir.path, durable: false, orderGraceMs: hour, onProblem });
  const entries = [entryOf(1, 100), entryOf(2, 3700), entryOf(3, 3800), entryOf(4, 7300)];
  const [first, ...others] = entries.map(({ limit }) => store.begin(limit));
  others.forEach((keep, index) => {
    keep(entries[index + 1]!.order);
  });
  const windowsAt = async (nowMs: number) => (await store.settleable(nowMs)).map(({ windowMs }) => windowMs / hour);
  t.deepEqual(await windowsAt(3 * hour), [], "the grace of the second hour is not over");
  t.deepEqual(await windowsAt(4 * hour), [1], "the transfer of the first hour still runs");
  first!(entries[0]!.order);
  t.deepEqual(await windowsAt(2 * hour), []);
  t.deepEqual(await windowsAt(2 * hour + 1), [0]);
  t.deepEqual(await windowsAt(9 * hour), [0, 1, 2]);

  const [zero, one] = await store.settleable(9 * hour);
  t.deepEqual(zero!.satelliteId, satelliteId);
  const amounts: number[] = [];
  for await (const { order } of one!.entries()) amounts.push(order.amount);
  t.deepEqual(amounts.sort(), [2, 3]);
  await store.archive(zero!, "ACCEPTED", 9 * hour + 5);
  await store.archive(one!, "REJECTED", 10 * hour);
  t.deepEqual(await windowsAt(9 * hour), [2]);
  const archive = join(dir.path, "orders", "archive");
  const name = archivedFileName(satelliteId, 0, 9 * hour + 5, "ACCEPTED");
  t.regex(name, /^archived-orders-1\w+-0-32400005000000-ACCEPTED\.v1$/);
  t.true((await readdir(archive)).includes(name));
  t.is(archivedAtOfFileName(name), 9 * hour + 5);
  t.is(archivedAtOfFileName(name.slice(1)), undefined);
  t.is(await store.pruneArchive(10 * hour), 1);
  t.is(await store.pruneArchive(10 * hour), 0);
  t.is(await store.pruneArchive(10 * hour + 1), 1);
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
  const amounts = new Map<PieceAction, number>();
  for (const name of await readdir(unsent)) {
    const entries = readOrdersFile(join(unsent, name), (problem) => t.fail(problem));
    for await (const { limit, order } of entries) amounts.set(limit.action, order.amount);
  }
  t.deepEqual(
    amounts,
    new Map([
      [PieceAction.PUT, 1000],
      [PieceAction.GET, 600],
    ]),
  );
});
