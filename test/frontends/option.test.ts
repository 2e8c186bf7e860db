import test from "ava";
import { defineFrontend, option } from "../../frontends/frontend.js";

const plugin = defineFrontend({
  name: "some-thing",
  options: {
    host: option.host(),
    port: option.port({ about: "TCP port", default: 1 }),
    name: option.text({ about: "a name", pattern: /^[a-z]+$/, is: "lower case" }),
    token: option.text({ about: "a token", secret: true, required: true, pattern: /^t/ }),
    limit: option.whole({ about: "a limit", default: 5, least: 1, most: 9 }),
    on: option.flag({ about: "on", default: false }),
    names: option.list({ about: "names", default: [], pattern: /^[a-z]+$/, is: "lower case" }),
    mode: option.choice(["a", "b"], { about: "mode", default: "a" }),
  },
  check: ({ limit, on }) => {
    if (on && limit > 8) throw new Error("too much");
  },
  start: async (_, options) => ({ addresses: { options: JSON.stringify(options) }, stop: async () => {} }),
});

test("defaults are filled in, and what is given is kept", async (t) => {
  const { addresses } = await plugin.create({ token: "t", names: ["x"], on: true }).start(undefined as never);
  t.deepEqual(JSON.parse(addresses["options"]!), {
    ...{ host: "127.0.0.1", port: 1, token: "t", limit: 5, on: true, names: ["x"], mode: "a" },
  });
});

test("everything that is wrong is told at once, without secrets", (t) => {
  const wrong = { port: 70_000, name: "A", token: "secret", limit: 1.5, on: 1, names: ["x", "Y"], mode: "c", more: 1 };
  const error = t.throws(() => plugin.create(wrong as never), { code: "invalid-argument" });
  for (const part of [
    "there is no option more; there are host, port, name",
    "option port: must be a whole number from 0 to 65535, not 70000",
    'option name: must be lower case, not "A"',
    "option token: must be of the right form;",
    "option limit: must be a whole number from 1 to 9, not 1.5",
    "option on: must be true or false, not 1",
    'option names: each must be lower case, not ["x","Y"]',
    'option mode: must be one of a, b, not "c"',
  ]) {
    t.true(error.message.includes(part), `${part}\n${error.message}`);
  }
  t.false(error.message.includes("secret"));
  t.throws(() => plugin.create({}), { message: "some-thing option token is required" });
  t.throws(() => plugin.create({ token: "t", limit: 9, on: true }), { message: "too much" });
});

test("texts are read by type", (t) => {
  const { port, on, names, name, limit } = plugin.options;
  t.is(port.parse("80"), 80);
  t.is(limit.parse("x"), "x");
  t.deepEqual([on.parse("true"), on.parse("false"), on.parse("yes")], [true, false, "yes"]);
  t.deepEqual(names.parse("a, b"), ["a", "b"]);
  t.deepEqual(names.parse(""), []);
  t.is(name.parse("1"), "1");
  t.deepEqual(option.value({ about: "any", check: (value) => value }).parse('{"a":1}'), { a: 1 });
});

test("a definition that is wrong says what, and how it should be", (t) => {
  const good = { name: "x", options: {}, start: async () => ({ stop: async () => {} }) };
  const define = (more: object) => () => defineFrontend({ ...good, ...more } as never);
  t.throws(define({ name: "My Frontend" }), { message: /name: must be lower-case words.*"My Frontend"/ });
  t.throws(define({ name: undefined }), { message: /name: .*undefined/ });
  t.throws(define({ options: undefined }), { message: /options: must be an object.*undefined/ });
  t.throws(define({ options: { port: 9000 } }), { message: /options\.port: must be made by option/ });
  t.throws(define({ options: { "a-b": option.text({ about: "x" }) } }), { message: /"a-b" must be in camelCase/ });
  t.throws(define({ start: undefined }), { message: /start: must be a function/ });
});

test("what start gives must be able to stop", async (t) => {
  const bad = defineFrontend({ name: "x", options: {}, start: (async () => ({})) as never });
  await t.throwsAsync(bad.create().start(undefined as never), { message: /start must resolve with/ });
});
