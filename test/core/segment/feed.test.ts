import test from "ava";
import { PieceFeed } from "../../../core/segment/feed.js";

const nodeId = new Uint8Array(32);

/** A node whose chunks the test hands out; counts how many were asked for. */
function source(...sizes: number[]) {
  const state = { asked: 0, aborted: false };
  async function* chunks(signal: AbortSignal) {
    let next = 0;
    signal.addEventListener("abort", () => {
      state.aborted = true;
    });
    for (const size of sizes) {
      state.asked++;
      yield Uint8Array.from({ length: size }, () => next++ & 255);
    }
  }
  return { state, chunks };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("bytes are seen across chunks, from where the transfer began", async (t) => {
  const { chunks } = source(3, 4, 5);
  const feed = new PieceFeed(0, nodeId, 100, 1000, chunks, () => undefined);
  await settled();
  t.is(feed.received, 12);
  t.true(feed.reaches(112));
  t.false(feed.reaches(113));
  t.deepEqual([...feed.view(100, 103)], [0, 1, 2]);
  t.deepEqual([...feed.view(102, 109)], [2, 3, 4, 5, 6, 7, 8]);
  feed.forget(105);
  t.deepEqual([...feed.view(105, 112)], [5, 6, 7, 8, 9, 10, 11]);
});

test("the node waits while enough bytes are unused, however large its chunks", async (t) => {
  const { state, chunks } = source(10, 10, 10, 10);
  const feed = new PieceFeed(0, nodeId, 0, 8, chunks, () => undefined);
  await settled();
  t.is(state.asked, 1);
  // Two bytes of the first chunk are left, which is no reason to wait: the next unit may need more.
  feed.forget(8);
  await settled();
  t.is(state.asked, 2);
  t.deepEqual([...feed.view(8, 16)], [8, 9, 10, 11, 12, 13, 14, 15]);
});

test("only unfinished transfers are called off", async (t) => {
  const whole = source(5);
  const done = new PieceFeed(0, nodeId, 0, 100, whole.chunks, () => undefined);
  await settled();
  done.cancel();
  t.false(whole.state.aborted);
  const half = source(50, 50);
  const running = new PieceFeed(0, nodeId, 0, 10, half.chunks, () => undefined);
  await settled();
  running.cancel();
  t.true(half.state.aborted);
});

test("failures are kept and told", async (t) => {
  const error = new Error("gone");
  let told = 0;
  const broken = async function* () {
    yield new Uint8Array(1);
    throw error;
  };
  const feed = new PieceFeed(0, nodeId, 0, 100, broken, () => told++);
  await settled();
  t.is(feed.failure, error);
  t.is(told, 2);
});
