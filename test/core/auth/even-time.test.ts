import test from "ava";
import { refusedEvenly } from "../../../core/auth/even-time.js";
import { PosternError } from "../../../core/errors.js";

const failing = (error: Error) => () => Promise.reject(error);

test("refusals wait for a step to end, all else does not", async (t) => {
  for (const code of ["not-found", "permission-denied"] as const) {
    const began = performance.now();
    await t.throwsAsync(refusedEvenly(50, failing(new PosternError(code, "no"))), { code });
    t.true(performance.now() - began >= 50, code);
  }
  // The step is longer than the test may take.
  t.is(await refusedEvenly(3_600_000, async () => "good"), "good");
  const others = [
    new PosternError("unavailable", "away"),
    new PosternError("invalid-argument", "no id"),
    new Error("x"),
  ];
  for (const error of others) t.is(await t.throwsAsync(refusedEvenly(3_600_000, failing(error))), error);
});
