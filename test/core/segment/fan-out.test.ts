import test from "ava";
import { utf8, utf8Text } from "../../../core/bytes/bytes.js";
import { createFanOut } from "../../../core/segment/fan-out.js";

const unit = (...runs: string[]) => ({ runs: runs.map(utf8) });

test("every piece gets all units, and its hash with the last", async (t) => {
  const fan = createFanOut(4);
  const sources = [fan.open(0), fan.open(1)];
  t.is(fan.push(unit("a0", "a1")), undefined);
  fan.end(unit("b0", "b1"), [utf8("h0"), utf8("h1")]);
  for (const [piece, source] of sources.entries()) {
    const first = await source.next();
    t.is(utf8Text(first.data), `a${piece}`);
    t.is(first.digest, undefined);
    const last = await source.next();
    t.is(utf8Text(last.data), `b${piece}`);
    t.is(utf8Text(last.digest as Uint8Array), `h${piece}`);
  }
});

test("the producer waits for the slowest, until that is dropped", async (t) => {
  const fan = createFanOut(2);
  const fast = fan.open(0);
  const slow = fan.open(1);
  fan.push(unit("a", "a"));
  const room = fan.push(unit("b", "b"));
  t.truthy(room);
  await fast.next();
  await fast.next();
  t.deepEqual(fan.laggards(), [1]);
  t.is(fan.waiting(), 1);
  const waiting = slow.next();
  await waiting;
  await room; // the slow one moved
  const again = fan.push(unit("c", "c"));
  await fast.next();
  t.deepEqual(fan.laggards(), [1]);
  fan.drop(1);
  await again;
  t.deepEqual(fan.laggards(), []);
  await t.throwsAsync(slow.next(), { code: "canceled" });
});

test("a dropped piece that waits hears of it", async (t) => {
  const fan = createFanOut(2);
  const next = fan.open(0).next();
  fan.drop(0);
  await t.throwsAsync(next, { code: "canceled" });
});

test("without pieces the producer goes on: what it makes may be made again", (t) => {
  const fan = createFanOut(2);
  fan.open(0);
  fan.push(unit("a"));
  fan.drop(0);
  for (let i = 0; i < 5; i++) t.is(fan.push(unit("b")), undefined);
});

test("units are held for pieces that come later", async (t) => {
  const fan = createFanOut(2);
  const first = fan.open(0);
  fan.hold = true;
  fan.push(unit("a", "a"));
  await first.next();
  t.true(fan.atStart);
  const late = fan.open(1);
  t.is(utf8Text((await late.next()).data), "a");
  fan.hold = false;
  t.false(fan.atStart);
});

test("closing rejects everybody", async (t) => {
  const fan = createFanOut(1);
  const reading = fan.open(0);
  fan.open(1);
  const room = fan.push(unit("a", "a"));
  await reading.next();
  const waiting = Promise.allSettled([room, reading.next()]);
  const error = new Error("over");
  fan.close(error);
  for (const result of await waiting) t.is(result.status === "rejected" && result.reason, error);
  t.throws(() => fan.push(unit("b")), { is: error });
});
