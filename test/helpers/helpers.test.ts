import test from "ava";
import { mustRun, runProgram } from "./run-program.js";
import { until } from "./until.js";

test("what never comes true is told", async (t) => {
  let looks = 0;
  await until(() => ++looks === 3);
  await t.throwsAsync(
    until(() => false, 20),
    { message: /did not come true in 20 ms/ },
  );
});

test("programs that hang, and those that leave others behind with their output, come to an end", async (t) => {
  t.deepEqual(await runProgram("sh", ["-c", "cat; echo no >&2; exit 3"], { input: "yes" }), {
    code: 3,
    stdout: "yes",
    stderr: "no\n",
  });
  await t.throwsAsync(mustRun("sh", ["-c", "trap '' TERM; echo here; exec sleep 30"], { timeoutMs: 200 }), {
    message: /was killed.*\nhere/,
  });
  const { code, stdout } = await runProgram("sh", ["-c", "sleep 20 & echo gone"]);
  t.deepEqual([code, stdout], [0, "gone\n"]);
});
