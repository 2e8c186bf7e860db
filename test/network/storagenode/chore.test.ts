import test from "ava";
import { startChore } from "../../../network/storagenode/chore.js";
import { deferred } from "../../helpers/deferred.js";
import { until } from "../../helpers/until.js";

test("rounds never overlap, and those that are asked for come after the running one", async (t) => {
  const gates = [deferred<void>(), deferred<void>()];
  const log: string[] = [];
  let round = 0;
  const chore = startChore({
    intervalMs: 1_000_000,
    onProblem: (error) => t.fail(String(error)),
    async work() {
      const index = round++;
      log.push(`begin ${index}`);
      await gates[index]?.promise;
      log.push(`end ${index}`);
      return false;
    },
  });
  const asked = chore.now();
  gates[1]!.resolve();
  gates[0]!.resolve();
  await asked;
  t.deepEqual(log, ["begin 0", "end 0", "begin 1", "end 1"]);
  await chore.stop();
});

test("more to do brings the next round at once; a failure is told, and the next comes all the same", async (t) => {
  const problems: unknown[] = [];
  let round = 0;
  const chore = startChore({
    intervalMs: 1,
    onProblem: (error) => problems.push(error),
    async work() {
      round++;
      if (round === 2) throw new Error("no");
      return round < 5;
    },
  });
  await until(() => round > 6);
  await chore.stop();
  t.is(problems.length, 1);
});

test("stopping calls the round off, and nothing comes after", async (t) => {
  let rounds = 0;
  const chore = startChore({
    intervalMs: 1,
    onProblem: () => t.fail("a round that was called off is no problem"),
    async work(signal) {
      rounds++;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return false;
    },
  });
  await until(() => rounds === 1);
  await chore.stop();
  await chore.now();
  t.is(rounds, 1);
});
