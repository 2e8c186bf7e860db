import test from "ava";
import { createAskOthers } from "../../bin/ask-others.js";

test("the first answer counts, and no answer is one too", async (t) => {
  const sent: [number, string][] = [];
  const others = createAskOthers<string>((question, id) => sent.push([question, id]));
  const [a, b] = [others.ask("a"), others.ask("b")];
  t.deepEqual(sent, [
    [1, "a"],
    [2, "b"],
  ]);
  others.told(1, "first");
  others.told(1, "second");
  others.told(99, "nobody asked");
  t.deepEqual(await a, { value: "first" });
  t.is(await b, undefined);
  others.told(2, "late");
});

test("questions are bounded in number", async (t) => {
  let sent = 0;
  const others = createAskOthers<string>(() => sent++);
  const questions = Array.from({ length: 1_200 }, (_, i) => others.ask(`${i}`));
  t.is(sent, 1_000);
  for (let i = 1; i <= 1_000; i++) others.told(i, "known");
  t.is((await Promise.all(questions)).filter(Boolean).length, 1_000);
});
