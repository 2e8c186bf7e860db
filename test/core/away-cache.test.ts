import test from "ava";
import { createAwayCache } from "../../core/away-cache.js";
import { PosternError } from "../../core/errors.js";

const away = async (): Promise<never> => {
  throw new PosternError("unavailable", "away");
};

test("the source is asked each time while it is there", async (t) => {
  const cache = createAwayCache<number>({});
  for (const value of [1, 2, 3]) t.is(await cache.get("a", async () => value), value);
});

test("a remembered value serves while the source is away, and no longer than its age", async (t) => {
  let now = 0;
  const cache = createAwayCache<number>({ maxAgeMs: 100, now: () => now });
  await cache.get("a", async () => 1);
  now = 99;
  t.is(await cache.get("a", away), 1);
  await t.throwsAsync(cache.get("b", away), { code: "unavailable" });
  now = 100;
  await t.throwsAsync(cache.get("a", away), { code: "unavailable" });
});

test("after a failure the source is left alone for a while", async (t) => {
  let now = 0;
  let asked = 0;
  const cache = createAwayCache<number>({ pauseMs: 10, now: () => now });
  const ask = (answer: () => Promise<number>) =>
    cache.get("a", () => {
      asked++;
      return answer();
    });
  await ask(async () => 1);
  await ask(away);
  t.is(await ask(async () => 2), 1);
  t.is(asked, 2);
  now = 10;
  t.is(await ask(async () => 2), 2);
  t.is(await ask(async () => 3), 3);
});

test("a source that does not answer is not waited for where there is a value", async (t) => {
  const cache = createAwayCache<number>({ patienceMs: 5 });
  await cache.get("a", async () => 1);
  t.is(await cache.get("a", () => new Promise(() => {})), 1);
});

test("a source that does not answer is not waited for without end where there is none", async (t) => {
  const cache = createAwayCache<number>({ longestMs: 5 });
  const error = await t.throwsAsync(cache.get("a", () => new Promise(() => {})));
  t.like(error, { code: "unavailable" });
});

test("what fails in another way is told, and what no longer lasts is not served", async (t) => {
  let now = 0;
  const cache = createAwayCache<number>({ now: () => now }, (value, at) => at < value);
  await cache.get("a", async () => 5);
  const damaged = () => Promise.reject(new PosternError("corrupt-data", "damaged"));
  await t.throwsAsync(cache.get("a", damaged), { code: "corrupt-data" });
  t.is(await cache.get("a", away), 5);
  now = 5;
  await t.throwsAsync(cache.get("a", away), { code: "unavailable" });
});

test("the number of values is bounded; the one asked for longest ago goes first", async (t) => {
  let now = 0;
  const cache = createAwayCache<string>({ maxEntries: 2, pauseMs: 1, now: () => now });
  for (const id of ["a", "b", "a", "c"]) await cache.get(id, async () => id);
  const stillThere = async (id: string) => {
    now += 1;
    return cache.get(id, away).then(
      () => true,
      () => false,
    );
  };
  t.deepEqual([await stillThere("a"), await stillThere("b"), await stillThere("c")], [true, false, true]);
});

test("large values push out the oldest before there are too many of them", async (t) => {
  let now = 0;
  const cache = createAwayCache<string>(
    { maxSize: 10, pauseMs: 1, now: () => now },
    undefined,
    (value) => value.length,
  );
  const known = async (id: string): Promise<boolean> => {
    now += 1;
    return await cache.get(id, away).then(
      () => true,
      () => false,
    );
  };
  await cache.get("a", async () => "x".repeat(6));
  await cache.get("b", async () => "x".repeat(4));
  t.deepEqual([await known("a"), await known("b")], [true, true]);
  now += 1;
  await cache.get("b", async () => "x".repeat(5));
  t.deepEqual([await known("a"), await known("b")], [false, true]);
  now += 1;
  await cache.get("c", async () => "x".repeat(11));
  t.deepEqual([await known("b"), await known("c")], [false, false], "what is too large by itself is not kept");
});

test("when it was away, one asks whether it is back and the others are served meanwhile", async (t) => {
  let now = 0;
  const cache = createAwayCache<number>({ pauseMs: 10, patienceMs: 1_000, now: () => now });
  await cache.get("a", async () => 1);
  await cache.get("a", away);
  now = 10;
  let back: (value: number) => void = () => {};
  const first = cache.get("a", () => new Promise<number>((resolve) => (back = resolve)));
  t.is(await cache.get("a", async () => 3), 1);
  back(2);
  t.is(await first, 2);
  t.is(await cache.get("a", async () => 4), 4);
});

test("an answer that comes after a newer one, or after all was forgotten, is not remembered", async (t) => {
  const cache = createAwayCache<number>({ pauseMs: 0 });
  const answers: ((value: number) => void)[] = [];
  const ask = () => cache.get("a", () => new Promise<number>((resolve) => answers.push(resolve)));
  const [older, newer] = [ask(), ask()];
  answers[1]!(2);
  answers[0]!(1);
  t.deepEqual(await Promise.all([older, newer]), [1, 2]);
  t.is(await cache.get("a", away), 2);
  const late = ask();
  cache.clear();
  answers[2]!(3);
  t.is(await late, 3);
  await t.throwsAsync(cache.get("a", away), { code: "unavailable" });
});

test("others are asked where the source is away and nothing is remembered here", async (t) => {
  let now = 0;
  const asked: string[] = [];
  const elsewhere = async (id: string) => {
    asked.push(id);
    return id === "there" ? { value: 7 } : undefined;
  };
  const cache = createAwayCache<number>(
    { patienceMs: 1, pauseMs: 10, now: () => now },
    undefined,
    undefined,
    elsewhere,
  );
  await cache.get("here", async () => 1);
  t.deepEqual(cache.peek("here")?.value, 1);
  t.deepEqual(asked, []);
  t.is(await cache.get("there", away), 7);
  await t.throwsAsync(cache.get("nowhere", away), { code: "unavailable" });
  t.is(await cache.get("here", away), 1);
  t.deepEqual(asked, ["there", "nowhere", "nowhere"], "before and after it failed");
  t.is(cache.peek("there"), undefined, "it is as old as it was there, which is not known here");
  // While the source is known to be away it is not asked before others are.
  t.is(await cache.get("there", () => Promise.reject(new Error("asked"))), 7);
  now = 20;
  // Who finds out whether it is back does not wait for it longer than with what is remembered here.
  t.is(await cache.get("there", () => new Promise(() => {})), 7);
});
