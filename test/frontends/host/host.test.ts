import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { PosternError } from "../../../core/index.js";
import { bindService, createGrpcTransport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { defineFrontend, type Frontend, type FrontendDeps } from "../../../frontends/frontend.js";
import { type HostOptions, startHost } from "../../../frontends/host/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { runProgram } from "../../helpers/run-program.js";

const where = { host: "127.0.0.1", port: 0 };

/** A frontend that tells when it starts and stops. */
function noted(name: string, told: string[], start: (deps: FrontendDeps) => unknown = () => ({})): Frontend {
  return defineFrontend({
    name,
    options: {},
    async start(deps: FrontendDeps) {
      told.push(`start ${name}`);
      const more = (await start(deps)) as object | undefined;
      return {
        async stop() {
          told.push(`stop ${name}`);
        },
        ...more,
      };
    },
  }).create();
}

async function host(
  t: ExecutionContext,
  frontends: readonly Frontend[],
  { optional = [], ...options }: Partial<HostOptions> & { optional?: readonly string[] } = {},
) {
  const { deps, logged } = authDeps();
  const running = await startHost({
    frontends: frontends.map((frontend) => ({ frontend, required: !optional.includes(frontend.name) })),
    deps,
    grpc: { listen: where },
    admin: where,
    ...options,
  });
  t.teardown(() => running.stop({ graceMs: 0 }));
  const ask = async (path: string) => {
    const reply = await fetch(running.adminUrl! + path);
    return { status: reply.status, text: await reply.text() };
  };
  return { running, logged, ask };
}

test("frontends start in order and stop in the reverse one", async (t) => {
  const told: string[] = [];
  const signals: AbortSignal[] = [];
  const watch = (deps: FrontendDeps) => {
    signals.push(deps.signal);
    return {};
  };
  const { running } = await host(t, [noted("a", told, watch), noted("b", told), noted("c", told)]);
  t.false(signals[0]!.aborted);
  await running.stop();
  t.true(signals[0]!.aborted);
  t.deepEqual(told, ["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
});

test("a needed frontend that does not start stops all; another one leaves them alone", async (t) => {
  const told: string[] = [];
  const bad = noted("bad", told, () => Promise.reject(new PosternError("unavailable", "no luck")));
  await t.throwsAsync(host(t, [noted("a", told), bad]), { message: "no luck" });
  t.deepEqual(told, ["start a", "start bad", "stop a"]);

  const { running, ask, logged } = await host(t, [bad, noted("b", told)], { optional: ["bad"] });
  t.like(running.states()[0], { name: "bad", state: "failed" });
  t.like(running.states()[1], { name: "b", state: "running" });
  t.regex(logged.join(), /did not start.*no luck/);
  t.deepEqual(JSON.parse((await ask("/health/ready")).text), {
    ready: true,
    parts: { access: "ok", bad: "unavailable", b: "ok" },
  });
});

test("one that hangs, and one that fails, when it is to stop keep nobody else", async (t) => {
  const told: string[] = [];
  const hangs = noted("hangs", told, () => ({ stop: () => new Promise(() => {}) }));
  const fails = noted("fails", told, () => ({ stop: () => Promise.reject(new Error("no")) }));
  const { running, logged } = await host(t, [noted("a", told), hangs, fails]);
  const began = performance.now();
  await running.stop({ graceMs: 50 });
  t.true(performance.now() - began < 3_000);
  t.is(told.at(-1), "stop a");
  t.regex(logged.join("\n"), /stopping the frontend failed[\s\S]*did not stop in time/);
});

test("health tells what does not work, and metrics have the frontend's name", async (t) => {
  let problem: PosternError | undefined;
  const one = noted("one-two", [], (deps) => {
    const requests = deps.metrics.counter({ name: "requests_total", help: "h", labels: ["kind"] });
    deps.metrics.gauge({ name: "open", help: "h" }).set(3);
    deps.metrics.histogram({ name: "seconds", help: "h", buckets: [1] }).observe(0.5);
    requests.add({ kind: "x" }, 2);
    t.throws(() => deps.metrics.counter({ name: "open", help: "h" }), { code: "already-exists" });
    t.throws(() => deps.metrics.counter({ name: "Bad-name", help: "h" }), { code: "invalid-argument" });
    return {
      ready: async () => {
        if (problem !== undefined) throw problem;
      },
    };
  });
  const { ask } = await host(t, [one]);
  t.is((await ask("/health/live")).status, 200);
  t.is((await ask("/health/ready")).status, 200);
  problem = new PosternError("unavailable", "secret reason");
  const { status, text } = await ask("/health/ready");
  t.is(status, 503);
  t.deepEqual(JSON.parse(text), { ready: false, parts: { access: "ok", "one-two": "unavailable" } });
  const metrics = (await ask("/metrics")).text;
  t.regex(metrics, /^postern_one_two_requests_total\{kind="x"\} 2$/m);
  t.regex(metrics, /^postern_one_two_open 3$/m);
  t.regex(metrics, /^postern_one_two_seconds_bucket\{le="1"\} 1$/m);
  t.is((await ask("/other")).status, 404);
});

test("services of all frontends are on one gRPC server, each once, and in time", async (t) => {
  let late: FrontendDeps | undefined;
  const service = bindService(EdgeAuthDefinition, {});
  const first = noted("first", [], (deps) => {
    deps.grpc.mount(service);
    late = deps;
  });
  const second = noted("second", [], (deps) => deps.grpc.mount(service));
  const { running } = await host(t, [first, second], { optional: ["second"] });
  t.like(running.states()[0], { services: ["EdgeAuth"] });
  t.like(running.states()[1], { state: "failed" });
  t.regex(String(running.states()[1]!.error), /EdgeAuth is there already, from first/);
  t.throws(() => late!.grpc.mount(service), { code: "failed-precondition" });
  const [name, port] = running.grpcAddress!.split(":");
  const socket = connect(Number(port), name);
  await once(socket, "connect");
  socket.destroy();
});

test("a call on the shared gRPC server takes no longer than its frontend says", async (t) => {
  const { running } = await host(t, [authFrontend({ callMs: 50 })]);
  const connection = await createGrpcTransport().dial({ address: running.grpcAddress! });
  t.teardown(() => connection.close());
  const call = connection.stream(EdgeAuthDefinition, EdgeAuthDefinition.methods.registerAccess);
  await t.throwsAsync(call.receive(), { code: "deadline-exceeded" });
});

test("what a frontend that did not start had mounted is not served", async (t) => {
  const bad = noted("bad", [], (deps) => {
    deps.grpc.mount(bindService(EdgeAuthDefinition, {}));
    throw new Error("no");
  });
  const { running } = await host(t, [bad], { optional: ["bad"] });
  t.is(running.grpcAddress, undefined);
});

test("credentials open a project, and wrong ones all get the same answer", async (t) => {
  const { deps, grant } = authDeps();
  const opened: string[] = [];
  let own: FrontendDeps | undefined;
  const openProject = (text: string) => {
    opened.push(text);
    return Promise.reject(new PosternError("unavailable", "opened"));
  };
  const keep = (given: FrontendDeps) => {
    own = given;
  };
  await host(t, [noted("a", [], keep)], { deps: { ...deps, openProject } });
  const { accessKeyId, secretKey } = await deps.access.register({ accessGrant: grant, public: false });
  await t.throwsAsync(own!.openWithCredentials(accessKeyId, secretKey), { message: "opened" });
  t.deepEqual(opened, [grant]);
  for (const [id, secret] of [
    [accessKeyId, `${secretKey}x`],
    [accessKeyId, ""],
    [
      accessKeyId.replace(/^(.{9})(.)/, (_, head: string, letter: string) => head + (letter === "a" ? "b" : "a")),
      secretKey,
    ],
    ["nonsense", secretKey],
  ]) {
    await t.throwsAsync(own!.openWithCredentials(id!, secret!), {
      code: "unauthenticated",
      message: "the credentials are wrong",
    });
  }
  t.is(opened.length, 1);
});

test("two of one name", async (t) => {
  await t.throwsAsync(host(t, [noted("a", []), noted("a", [])]), { code: "already-exists" });
});

const crashing = fileURLToPath(new URL("../../helpers/crashing-host.js", import.meta.url));

test("exceptions that nobody caught stay with their frontend, until there are too many", async (t) => {
  const { code, stdout, stderr } = await runProgram(process.execPath, [crashing], { timeoutMs: 30_000 });
  t.is(code, 0, stderr);
  const { after, end } = JSON.parse(stdout) as { after: object[]; end: object[] };
  t.like(after[0]!, { name: "crashes", state: "running", strays: 3 });
  t.like(after[1]!, { name: "calm", state: "running", strays: 0 });
  t.like(end[0]!, { name: "crashes", state: "failed" });
  t.like(end[1]!, { name: "calm", state: "running", strays: 0 });
  t.false(stderr.includes("a secret in a text"));
});

test("an exception of no frontend ends the program, as without a host", async (t) => {
  const { code, stderr } = await runProgram(process.execPath, [crashing, "outside"], { timeoutMs: 30_000 });
  t.is(code, 1);
  t.regex(stderr, /Error: outside/);
});
