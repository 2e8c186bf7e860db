import test from "ava";
import { createTeller } from "../../bin/teller.js";
import { until } from "../helpers/until.js";

function tellerOf() {
  const gathered: string[] = [];
  const sent: string[] = [];
  const left: (() => void)[] = [];
  const teller = createTeller<string>(
    (urgent) => (gathered.length === 0 ? undefined : `${urgent ? "!" : ""}${gathered.splice(0).join(" ")}`),
    (message, done) => {
      sent.push(message);
      left.push(done);
    },
    20,
  );
  const tell = (text: string, urgent = false): void => {
    gathered.push(text);
    teller.news(urgent);
  };
  return { tell, sent, left };
}

test("what gathers is one message", async (t) => {
  const { tell, sent } = tellerOf();
  for (const text of ["a", "b", "c"]) tell(text);
  t.deepEqual(sent, []);
  await until(() => sent.length > 0);
  t.deepEqual(sent, ["a b c"]);
});

test("what is urgent goes with the rest after this turn of the event loop", async (t) => {
  const { tell, sent } = tellerOf();
  tell("a");
  tell("b", true);
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(sent, ["!a b"]);
});

test("nothing is sent before the last message has left", async (t) => {
  const { tell, sent, left } = tellerOf();
  tell("a", true);
  await until(() => sent.length === 1);
  for (let i = 0; i < 5; i++) tell(`${i}`, i === 2);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(sent.length, 1);
  left[0]!();
  await until(() => sent.length === 2);
  t.deepEqual(sent, ["!a", "!0 1 2 3 4"]);
});
