import test from "ava";
import fc from "fast-check";
import { ReceiveQueue } from "../../../../core/rpc/drpc/receive-queue.js";

function fixture(windowBytes: number) {
  const state = { paused: false };
  const flow = {
    pause() {
      state.paused = true;
    },
    resume() {
      state.paused = false;
    },
  };
  return { queue: new ReceiveQueue(flow, windowBytes), state };
}

test("messages come out in order, whatever is left in between", (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -150, max: 100 }), { maxLength: 20 }), (steps) => {
      const { queue } = fixture(1 << 30);
      let [pushed, shifted] = [0, 0];
      for (const step of steps) {
        for (let i = 0; i < step; i++) queue.push(Uint8Array.of(pushed++ & 0xff));
        for (let i = 0; i < -step && !queue.empty; i++) t.is(queue.shift()[0], shifted++ & 0xff);
        t.is(queue.empty, pushed === shifted);
      }
    }),
    { numRuns: 100 },
  );
});

test("a full queue stops the connection until half of it is read", (t) => {
  const { queue, state } = fixture(100_000);
  let pushed = 0;
  for (; !state.paused; pushed++) queue.push(new Uint8Array(9_000));
  t.is(pushed, 10);
  let shifted = 0;
  for (; state.paused; shifted++) queue.shift();
  t.is(shifted, 6);
  while (!state.paused) queue.push(new Uint8Array(9_000));
  queue.flow();
  t.false(state.paused);
  t.false(queue.empty);
  while (!state.paused) queue.push(new Uint8Array(90_000));
  queue.clear();
  t.false(state.paused);
  t.true(queue.empty);
});

test("messages that were handed out are let go, even if the queue never gets empty", async (t) => {
  const { queue } = fixture(1 << 30);
  let collected = 0;
  const registry = new FinalizationRegistry(() => {
    collected++;
  });
  queue.push(new Uint8Array(1));
  for (let i = 0; i < 2_000; i++) {
    const data = new Uint8Array(100_000);
    registry.register(data, undefined);
    queue.push(data);
    queue.shift();
  }
  // 200 MB have gone through; no more than a collection's worth may be held.
  for (let i = 0; i < 50 && collected < 1_000; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    for (let j = 0; j < 100; j++) new Uint8Array(1_000_000).fill(1);
  }
  t.true(collected >= 1_000, `${collected} of 2000`);
});
