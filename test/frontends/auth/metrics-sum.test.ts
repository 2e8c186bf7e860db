import test from "ava";
import { createAuthMetrics, createMetricsSum } from "../../../frontends/auth/index.js";
import { authDeps } from "../../helpers/auth-deps.js";

test("several processes count as one would, also when one of them has ended", async (t) => {
  const { deps, grant } = authDeps();
  const [one, two, alone] = [createAuthMetrics(), createAuthMetrics(), createAuthMetrics()];
  const sum = createMetricsSum();
  const register = (metrics: typeof one) =>
    metrics.counted(deps.access, "http").register({ accessGrant: grant, public: false });
  const refused = (metrics: typeof one) => t.throwsAsync(metrics.counted(deps.access, "drpc").resolve("nonsense"));
  const tell = async () => {
    // As it comes from another process.
    for (const [id, metrics] of [one, two].entries()) sum.set(id, JSON.parse(JSON.stringify(await metrics.snapshot())));
  };
  await tell();
  t.is(await sum.text(), await alone.text(), "nothing is counted yet");
  for (const metrics of [one, two, alone, alone]) {
    await register(metrics);
    await refused(metrics);
    metrics.limited("grpc");
  }
  await tell();
  /** Times differ. */
  const counted = (text: string) =>
    text
      .split("\n")
      .filter((line) => !/seconds_(sum|bucket)/.test(line))
      .sort();
  t.deepEqual(counted(await sum.text()), counted(await alone.text()));
  t.is(sum.contentType, alone.contentType);
  sum.left(0);
  sum.left(1);
  t.deepEqual(counted(await sum.text()), counted(await alone.text()), "counters never go back");
  const third = createAuthMetrics();
  third.limited("grpc");
  alone.limited("grpc");
  sum.set(2, JSON.parse(JSON.stringify(await third.snapshot())));
  t.deepEqual(counted(await sum.text()), counted(await alone.text()));
});
