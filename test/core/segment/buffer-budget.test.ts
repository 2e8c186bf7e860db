import test from "ava";
import { createBufferBudget } from "../../../core/segment/buffer-budget.js";
import { downloadBufferSizes, uploadBufferSizes } from "../../../core/segment/buffer-sizes.js";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("gives what is asked for while there is plenty, and less later", async (t) => {
  const budget = createBufferBudget(1600, 1000);
  t.is((await budget.reserve(10, 50)).bytes, 50);
  const second = await budget.reserve(10, 1000);
  t.is(second.bytes, Math.floor(1550 / 16));
  t.is((await budget.reserve(1000, 2000)).bytes, 1000);
  t.is(budget.used, 50 + second.bytes + 1000);
});

test("those that wait are served in their order, however little they want", async (t) => {
  const budget = createBufferBudget(100, 10_000);
  const first = await budget.reserve(80, 80);
  const order: string[] = [];
  const large = budget.reserve(60, 60).then((reservation) => {
    order.push("large");
    return reservation;
  });
  const small = budget.reserve(20, 20).then(() => order.push("small"));
  await settled();
  t.deepEqual([order, budget.waiting], [[], 2]);
  first.release();
  first.release(); // once
  await Promise.all([large, small]);
  t.deepEqual(order, ["large", "small"]);
  t.is(budget.used, 80);
  (await large).release();
  t.is(budget.used, 20);
});

test("who leaves the queue lets the next one in", async (t) => {
  const budget = createBufferBudget(100, 10_000);
  const held = await budget.reserve(50, 50);
  const abort = new AbortController();
  const left = budget.reserve(80, 80, abort.signal);
  const next = budget.reserve(40, 40);
  await settled();
  t.is(budget.waiting, 2);
  abort.abort();
  await t.throwsAsync(left, { code: "canceled" });
  t.is((await next).bytes, 40);
  t.is(budget.waiting, 0);
  held.release();
  await t.throwsAsync(budget.reserve(1, 1, abort.signal), { code: "canceled" });
  t.is(budget.used, 40);
});

test("nobody waits for ever, and more than everything is everything", async (t) => {
  const budget = createBufferBudget(100, 20);
  const all = await budget.reserve(1000, 2000);
  t.is(all.bytes, 100);
  await t.throwsAsync(budget.reserve(1, 1), { code: "resource-exhausted" });
  all.release();
  t.deepEqual([budget.used, budget.waiting], [0, 0]);
});

test("windows follow from what is reserved", (t) => {
  const layout = {
    cipherSuite: 2,
    contentKey: new Uint8Array(32),
    startingNonce: new Uint8Array(24),
    encryptedBlockSize: 7424,
    required: 4,
    total: 10,
    shareSize: 256,
  };
  const mib = 1024 * 1024;
  const upload = uploadBufferSizes(layout, 4 * mib);
  t.true(upload.windowOf(upload.most) >= 4 * mib && upload.windowOf(upload.most) < 4.5 * mib);
  t.true(upload.windowOf(upload.least) < mib && upload.least < 4 * mib);
  t.is(upload.windowOf(0), upload.windowOf(upload.least));
  const large = downloadBufferSizes(100 * mib, 8 * mib);
  t.is(large.windowOf(large.most), 8 * mib);
  t.is(large.windowOf(large.least), mib);
  t.is(downloadBufferSizes(1000, 8 * mib).most, 4000);
  t.is(downloadBufferSizes(100 * mib, 1000).windowOf(0), 1000);
});
