import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { readConfigFile } from "../../bin/config-file.js";
import { configureOptions, type OptionSources, refuseStrangers, variableOf } from "../../bin/frontend-options.js";
import { defineFrontend, option } from "../../frontends/frontend.js";
import { tempDir } from "../helpers/temp-dir.js";

const plugin = defineFrontend({
  name: "my-frontend",
  options: {
    host: option.host(),
    port: option.port({ about: "TCP port", default: 9100 }),
    other: option.port({ about: "another" }),
    greeting: option.text({ about: "greeting", default: "Hello!" }),
    password: option.text({ about: "password", secret: true, pattern: /^good/ }),
  },
  start: async () => ({ stop: async () => {} }),
});

function sources(given: {
  set?: string[];
  env?: Record<string, string>;
  file?: Record<string, Record<string, unknown>>;
  flags?: Record<string, Record<string, unknown>>;
  host?: string;
  ephemeral?: boolean;
}): OptionSources {
  return {
    set: given.set ?? [],
    flags: given.flags ?? {},
    host: given.host,
    ephemeral: given.ephemeral ?? false,
    file: given.file && { path: "/etc/postern.json", folder: "/etc", frontends: [], options: given.file },
    env: { option: (name: string) => given.env?.[name] } as OptionSources["env"],
  } as OptionSources;
}

test("flags win over the environment, that over the file, and the file over defaults", (t) => {
  const all = {
    set: ["my-frontend.greeting=set"],
    flags: { "my-frontend": { greeting: "flag" } },
    env: { POSTERN_MY_FRONTEND_GREETING: "environment" },
    file: { "my-frontend": { greeting: "file" } },
  };
  const greeting = (given: Parameters<typeof sources>[0], defaults?: Record<string, unknown>) => {
    const { value, from } = configureOptions(plugin, sources(given), defaults)["greeting"]!;
    return `${String(value)} from ${from}`;
  };
  t.is(greeting(all), "set from --set my-frontend.greeting");
  t.is(greeting({ ...all, set: [] }), "flag from flag");
  t.is(greeting({ ...all, set: [], flags: {} }), "environment from POSTERN_MY_FRONTEND_GREETING");
  t.is(greeting({ file: all.file }), "file from /etc/postern.json");
  t.is(greeting({}, { greeting: "of the command" }), "of the command from default");
  t.is(greeting({}), "Hello! from default");
  t.is(
    greeting({ set: ["my-frontend.greeting=1", "my-frontend.greeting=a=b"] }),
    "a=b from --set my-frontend.greeting",
  );
});

test("--host and --ephemeral reach every frontend", (t) => {
  const { host, port, other } = configureOptions(plugin, sources({ host: "0.0.0.0", ephemeral: true }));
  t.is(host?.value, "0.0.0.0");
  t.is(port?.value, 0);
  t.is(other, undefined);
  t.is(configureOptions(plugin, sources({ ephemeral: true, set: ["my-frontend.port=7"] }))["port"]?.value, 7);
});

test("what is wrong is told with its place, and without secrets", (t) => {
  const error = t.throws(
    () =>
      configureOptions(
        plugin,
        sources({
          set: ["my-frontend.port=high"],
          env: { POSTERN_MY_FRONTEND_PASSWORD: "bad hunter2" },
          file: { "my-frontend": { colour: "blue", greeting: 5 } },
        }),
      ),
    { code: "invalid-argument" },
  );
  t.regex(error.message, /--set my-frontend\.port: option port of my-frontend must be a whole number .*, not "high"/);
  t.regex(error.message, /POSTERN_MY_FRONTEND_PASSWORD: option password of my-frontend must be of the right form(;|$)/);
  t.regex(error.message, /\/etc\/postern\.json: frontend my-frontend has no option colour; it has host, port/);
  t.regex(error.message, /\/etc\/postern\.json: option greeting of my-frontend must be a text, not 5/);
  t.false(error.message.includes("hunter2"));

  const needy = defineFrontend({
    ...plugin,
    options: { key: option.text({ about: "a key", required: true }) },
    start: async () => ({ stop: async () => {} }),
  });
  t.throws(() => configureOptions(needy, sources({})), {
    message: /needs its option key \(a key\): give --set my-frontend\.key=…, POSTERN_MY_FRONTEND_KEY or "key"/,
  });
  t.throws(() => refuseStrangers(["s3"], sources({ set: ["s4.port=1"] })), { message: /no frontend s4; there are s3/ });
  t.throws(() => refuseStrangers(["s3"], sources({ file: { x: {} } })), { message: /^\/etc\/postern.json: .* x; / });
  const secret = t.throws(() => refuseStrangers([], sources({ set: ["hunter2"] })));
  t.false(secret.message.includes("hunter2"));
});

test("names of variables", (t) => {
  t.is(variableOf("s3", "maxRequestsPerGrant"), "POSTERN_S3_MAX_REQUESTS_PER_GRANT");
  t.is(variableOf("my-frontend", "port"), "POSTERN_MY_FRONTEND_PORT");
});

test("a configuration file that is wrong says where", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const path = join(dir.path, "postern.json");
  const read = async (text: string) => {
    await writeFile(path, text);
    return () => readConfigFile(path);
  };
  t.throws(() => readConfigFile(`${path}x`), { message: /can not read the configuration .*ENOENT/ });
  t.throws(await read("{"), { message: /it is not JSON/ });
  t.throws(await read('{"frontends": "x"}'), { message: /frontends: .*its form is/ });
  t.throws(await read('{"port": 1}'), { message: /port/ });
  t.throws(await read('{"options": {"s3": 1}}'), { message: /options\.s3/ });
  t.like((await read('{"options": {"s3": {"port": 1}}}'))(), { folder: dir.path, frontends: [] });
});
