import test from "ava";
import { batched } from "../../../store/knex/batch.js";

const done = <T>(value: T): PromiseSettledResult<T> => ({ status: "fulfilled", value });

test("calls of one turn run together, and those that come while many runs are under way wait", async (t) => {
  const runs: number[][] = [];
  const finish: (() => void)[] = [];
  const call = batched<number, number>(
    async (inputs) => {
      runs.push([...inputs]);
      await new Promise<void>((resolve) => finish.push(resolve));
      return inputs.map((input) => done(input * 10));
    },
    { size: 3, parallel: 2 },
  );
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const results = [1, 2].map(call);
  t.deepEqual(runs, []);
  await turn();
  t.deepEqual(runs, [[1, 2]]);
  results.push(call(3));
  await turn();
  t.deepEqual(runs.slice(1), [[3]]);
  results.push(...[4, 5, 6, 7].map(call));
  await turn();
  t.is(runs.length, 2);
  finish[1]!();
  t.is(await results[2], 30);
  await turn();
  t.deepEqual(runs.slice(2), [[4, 5, 6]]);
  finish[0]!();
  await turn();
  t.deepEqual(runs.slice(3), [[7]]);
  for (const end of finish) end();
  t.deepEqual(await Promise.all(results), [10, 20, 30, 40, 50, 60, 70]);
});

test("each call hears of its own result, and of what failed for all", async (t) => {
  const call = batched<number, number>(
    async (inputs) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (inputs.includes(9)) throw new Error("all of them");
      return inputs.map((input) => (input === 2 ? { status: "rejected", reason: new Error("two") } : done(input)));
    },
    { size: 2, parallel: 1 },
  );
  const settled = await Promise.allSettled([1, 2, 3, 8, 9, 4].map(call));
  t.deepEqual(
    settled.map((each) => (each.status === "fulfilled" ? each.value : (each.reason as Error).message)),
    [1, "two", 3, 8, "all of them", "all of them"],
  );
});

test("of many calls at once, as many run as may, and the others wait no longer than others do", async (t) => {
  let runs = 0;
  const call = batched<number, number>(
    () => {
      runs++;
      return new Promise(() => {});
    },
    { size: 2, parallel: 2, waitMs: 20 },
  );
  const calls = [1, 2, 3, 4, 5, 6].map(call);
  await Promise.all(calls.slice(4).map((late) => t.throwsAsync(late, { code: "unavailable" })));
  t.is(runs, 2);
});

test("a call does not wait for ever, nor behind any number of others", async (t) => {
  const finish: (() => void)[] = [];
  const call = batched<number, number>(
    async (inputs) => {
      await new Promise<void>((resolve) => finish.push(resolve));
      return inputs.map(done);
    },
    { size: 1, parallel: 1, maxWaiting: 2, waitMs: 20 },
  );
  const first = call(1);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const [second, third] = [call(2), call(3)];
  await t.throwsAsync(call(4), { code: "unavailable" });
  await Promise.all([second, third].map((late) => t.throwsAsync(late, { code: "unavailable" })));
  const fifth = call(5);
  finish[0]!();
  t.is(await first, 1);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  finish[1]!();
  t.is(await fifth, 5);
});
