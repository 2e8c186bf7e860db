import test from "ava";
import { createRateLimiter } from "../../../core/auth/rate-limit.js";
import { createLimitsHub, createSharedLimits, type SharedLimits } from "../../../core/auth/shared-limits.js";

/** Processes that tell each other as often as the test says. */
function processes(count: number, perMinute: number) {
  const clock = { now: 0 };
  const rates = { clients: perMinute, projects: 0 };
  const now = () => clock.now;
  const hub = createLimitsHub(rates, now);
  const urgent: number[] = [];
  const begin = (id: number): SharedLimits => {
    const limits = createSharedLimits(rates, count, (isUrgent) => isUrgent && urgent.push(id), now);
    limits.book(hub.join(id));
    return limits;
  };
  const all = Array.from({ length: count }, (_, id) => begin(id));
  const tell = (): void => {
    for (const [id, limits] of all.entries()) {
      const taken = limits.drain();
      if (taken !== undefined) hub.hear(id, taken);
    }
    for (const [id, limits] of all.entries()) limits.book(hub.drain(id) ?? {});
  };
  const take = (id: number, key = "a"): boolean => all[id]!.limiter("clients")!.take(key) === 0;
  return { clock, hub, urgent, all, begin, tell, take };
}

test("a key has one allowance in all processes that have heard of each other", (t) => {
  const { take, tell } = processes(3, 6);
  let passed = 0;
  for (let i = 0; i < 60; i++) {
    if (take(i % 3)) passed++;
    tell();
  }
  t.is(passed, 6);
  t.true(take(1, "b"), "others have their own");
});

test("what was handed out before they heard of each other is owed", (t) => {
  const { clock, take, tell } = processes(2, 6);
  let passed = 0;
  for (let i = 0; i < 40; i++) if (take(i % 2)) passed++;
  t.is(passed, 12, "a burst in each");
  tell();
  // A token comes back every ten seconds: after an hour it is as if there had been one process.
  for (let second = 0; second < 3_600; second++) {
    clock.now += 1_000;
    for (const id of [0, 1]) if (take(id)) passed++;
    tell();
  }
  t.true(passed >= 360 + 5 && passed <= 360 + 7, `${passed}`);
});

test("half of a burst in all processes is news that can not wait", (t) => {
  const { take, urgent, tell } = processes(2, 40);
  for (let i = 0; i < 9; i++) take(0);
  t.deepEqual(urgent, []);
  take(0);
  t.deepEqual(urgent, [0]);
  tell();
  take(0);
  t.deepEqual(urgent, [0]);
});

test("a process that begins knows what is owed", (t) => {
  const { begin, take, tell } = processes(2, 6);
  for (let i = 0; i < 4; i++) take(0);
  tell();
  const limiter = begin(7).limiter("clients")!;
  t.deepEqual([limiter.take("a"), limiter.take("a"), limiter.take("a")], [0, 0, 10_000]);
});

test("one that has left is told nothing more, and nothing is nothing", (t) => {
  const { hub, all } = processes(2, 6);
  t.is(all[0]!.drain(), undefined);
  t.is(hub.drain(1), undefined);
  hub.leave(1);
  hub.hear(0, { clients: [["a", 1]] });
  t.is(hub.drain(1), undefined);
  t.is(all[0]!.limiter("projects"), undefined, "no rate, no limiter");
});

test("keys that are told are bounded in number", (t) => {
  const { take, all } = processes(2, 6);
  for (let i = 0; i < 12_000; i++) take(0, `client ${i}`);
  t.is(all[0]!.drain()!["clients"]!.length, 10_000);
});

test("tokens can be booked that are not there", (t) => {
  let now = 0;
  const limiter = createRateLimiter({ perMinute: 60, burst: 2, now: () => now });
  limiter.book("a", 4);
  t.is(limiter.take("a"), 3_000);
  t.deepEqual(limiter.owed(), [["a", 4]]);
  now += 3_000;
  t.is(limiter.take("a"), 0);
  now += 60_000;
  t.deepEqual(limiter.owed(), []);
});
