import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { inspect } from "node:util";
import { isPosternError, PosternError, type Project } from "../../core/index.js";
import type { FrontendPlugin, OptionFields, OptionsInput } from "../../frontends/frontend.js";
import { type SuiteServer, startForTest } from "./frontend-server.js";

export { type StartForTest, type SuiteServer, startForTest } from "./frontend-server.js";

/** A frontend under test, and how it is used. */
export interface FrontendSubject<Fields extends OptionFields = OptionFields> {
  readonly plugin: FrontendPlugin<Fields>;
  /** Options to start it with: port 0 at least, so that each start gets a port of its own. */
  readonly options: OptionsInput<Fields>;
  /**
   * Uses the frontend once as a client does: with `server.credentials`, for an object of `server.project`, in the bucket
   * "suite". Rejects when that does not work, and soon after `signal` is aborted. What it resolves with is searched for
   * secrets: best the replies' headers and bodies.
   */
  use(server: SuiteServer, signal: AbortSignal): Promise<unknown>;
  /** For frontends without credentials of their own: wrong ones are not tried. */
  readonly anonymous?: boolean;
  /** The access key id alone opens the project, as for link sharing, and so it is no secret; false when absent. */
  readonly publicKey?: boolean;
}

export interface FrontendSuiteOptions {
  /** `test` of node:test. Of ava: `(title, run) => test.serial(title, async (t) => { await run(); t.pass(); })`. */
  readonly test: (title: string, run: () => Promise<void>) => unknown;
}

/** One for each use: clients leave listeners on it. */
const noSignal = () => new AbortController().signal;

/** What every frontend must do. `factory` is asked for each test. */
export function frontendSuite<Fields extends OptionFields>(
  factory: () => FrontendSubject<Fields> | Promise<FrontendSubject<Fields>>,
  { test }: FrontendSuiteOptions,
): void {
  // What is open in the process is counted: one test at a time, also where the runner would run several.
  let before: Promise<unknown> = Promise.resolve();
  const check = (title: string, run: (subject: FrontendSubject<Fields>) => Promise<void>) =>
    test(`frontend: ${title}`, async () => {
      const mine = before.then(async () => run(await factory()));
      before = mine.catch(() => {});
      await mine;
    });

  const started = async (subject: FrontendSubject<Fields>, project?: (memory: Project) => Partial<Project>) =>
    await startForTest(subject.plugin, subject.options, { project, publicKey: subject.publicKey });

  check("has a name, and options with a word about each", async ({ plugin, options }) => {
    assert.match(plugin.name, /^[a-z][a-z0-9-]*$/);
    for (const [key, field] of Object.entries(plugin.options)) {
      assert.ok(field.about.length > 3, `option ${key} has nothing in "about"`);
      if (field.default !== undefined) field.check(field.default);
    }
    assert.equal(plugin.create(options).name, plugin.name);
    const stranger = { ...options, noSuchOption: 1 } as OptionsInput<Fields>;
    assert.throws(() => plugin.create(stranger), /no option noSuchOption/);
  });

  check("starts, serves, stops, and does so again", async (subject) => {
    // Another program of the machine may have taken a port as soon as it was free: that does not happen every time.
    for (let round = 0, attempts = 0; round < 2; attempts++) {
      const server = await started(subject);
      const addresses = [
        ...Object.values(server.addresses),
        ...(server.grpcAddress === undefined ? [] : [server.grpcAddress]),
      ];
      assert.ok(addresses.length > 0, "it listens nowhere, and has no service on the gRPC server");
      await subject.use(server, noSignal());
      await server.stop();
      const open = (await Promise.all(addresses.map(isOpen))).findIndex(Boolean);
      if (open === -1) round++;
      else assert.ok(attempts < 4, `${addresses[open]} is still open after stop`);
    }
  });

  check("two of it run side by side", async (subject) => {
    const servers = [await started(subject), await started(subject)];
    try {
      await Promise.all(servers.map((server) => subject.use(server, noSignal())));
    } finally {
      for (const server of servers) await server.stop();
    }
  });

  check("goes on after requests that were cancelled at any moment", async (subject) => {
    const server = await started(subject, slow);
    try {
      // More often than a frontend may have places for requests in a test, and at different steps.
      for (const delay of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55]) {
        const cancel = new AbortController();
        const timer = setTimeout(() => cancel.abort(), delay);
        await Promise.allSettled([subject.use(server, cancel.signal)]);
        clearTimeout(timer);
      }
      for (const address of Object.values(server.addresses)) {
        for (const part of [
          "",
          "GET / HT",
          "PUT /suite/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nshort",
        ]) {
          const socket = await connected(address);
          socket.on("error", () => {}); // it may answer before it reads
          if (part !== "") await new Promise((resolve) => socket.write(part, resolve));
          socket.destroy();
        }
      }
      await subject.use(server, noSignal());
    } finally {
      await server.stop();
    }
  });

  check("stops at once while requests wait for the network", async (subject) => {
    const server = await started(subject, hanging);
    const requests = Array.from({ length: 4 }, () => subject.use(server, AbortSignal.timeout(10_000)));
    const settled = Promise.allSettled(requests);
    await Promise.race([server.asked(), settled, after(1_000)]);
    const began = performance.now();
    await server.stop({ graceMs: 0 });
    assert.ok(performance.now() - began < 3_000, "stop({ graceMs: 0 }) took more than three seconds");
    assert.ok((await Promise.race([settled, after(3_000)])) !== "time is over", "requests go on after stop");
  });

  check("waits for running requests as long as its grace lasts", async (subject) => {
    const gate = held();
    const server = await started(subject, gate.project);
    const used = Promise.allSettled([subject.use(server, noSignal())]);
    const runs = await Promise.race([server.asked().then(() => true), used.then(() => false)]);
    if (!runs) return await server.stop(); // it asks the project for nothing
    const stopped = server.stop({ graceMs: 5_000 }).then(() => "stopped");
    assert.equal(await Promise.race([stopped, after(300)]), "time is over", "stop did not wait for a running request");
    gate.open();
    assert.equal(await Promise.race([stopped, after(3_000)]), "stopped", "stop waits although no request runs");
    await used;
  });

  check("leaks no handles, and no downloads", async (subject) => {
    const round = async () => {
      const server = await started(subject);
      await subject.use(server, noSignal());
      await Promise.allSettled([subject.use(server, AbortSignal.timeout(3))]);
      await server.stop();
      return server;
    };
    await round(); // what is made once, such as a client's pool
    const count = await settled(openHandles);
    await round();
    const server = await round();
    await until(
      () => openHandles() <= count,
      () => `open after stop: ${process.getActiveResourcesInfo().join(", ")}`,
    );
    await until(
      () => server.openDownloads() === 0,
      () => `${server.openDownloads()} downloads were neither read nor closed`,
    );
  });

  check("tells no secret in logs, output or replies", async (subject) => {
    const told: string[] = [];
    const silence = listenToOutput(told);
    try {
      const server = await started(subject);
      told.push(text(await subject.use(server, noSignal())));
      await Promise.allSettled([subject.use(server, AbortSignal.timeout(2))]);
      await server.stop();
      // What fails is what gets told.
      const failing = await started(subject, () => broken("hunter2-of-the-core"));
      told.push(text((await Promise.allSettled([subject.use(failing, noSignal())]))[0]));
      await failing.stop();
      for (const one of [server, failing]) {
        told.push(...one.logged);
        const secrets = { ...one.secrets, ...secretOptions(subject), "text of an error inside": "hunter2-of-the-core" };
        for (const [name, secret] of Object.entries(secrets)) {
          const where = told.find((line) => line.includes(secret));
          assert.equal(where, undefined, `the ${name} is in what was told`);
        }
      }
    } finally {
      silence();
    }
  });

  check("refuses wrong credentials", async (subject) => {
    if (subject.anonymous === true) return;
    const server = await started(subject);
    try {
      const { accessKeyId, secretKey } = server.credentials;
      for (const credentials of [
        { accessKeyId, secretKey: `${secretKey}x` },
        { accessKeyId, secretKey: "" },
        { accessKeyId: "nobody", secretKey },
      ]) {
        await assert.rejects(
          subject.use({ ...server, credentials }, noSignal()),
          `it served ${credentials.accessKeyId === "nobody" ? "an unknown key" : "a wrong secret"}`,
        );
      }
      await subject.use(server, noSignal());
    } finally {
      await server.stop();
    }
  });

  check("tells of a port in use, and closes what it opened", async (subject) => {
    const ports = Object.entries(subject.plugin.options).filter(([, { kind }]) => kind === "port");
    const first = await started(subject);
    try {
      const taken = Object.values(first.addresses)
        .map((address) => Number(/:(\d+)\/?$/.exec(address)?.[1]))
        .find((port) => port > 0);
      const key = ports.find(([name]) => (subject.options as Record<string, unknown>)[name] === 0)?.[0];
      if (taken === undefined || key === undefined) return;
      const options = { ...subject.options, [key]: taken } as OptionsInput<Fields>;
      await assert.rejects(startForTest(subject.plugin, options, {}), "it started on a port in use");
    } finally {
      await first.stop();
    }
  });
}

/** Calls that take a while, as over a network, and end early when they are cancelled. */
function slow(memory: Project): Partial<Project> {
  const wait = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(new PosternError("canceled", "canceled"));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, 8);
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    });
  const calls = Object.entries(memory).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      await wait(((args.at(-1) ?? {}) as { signal?: AbortSignal }).signal);
      return await (method as (...args: unknown[]) => unknown).apply(memory, args);
    },
  ]);
  return {
    ...Object.fromEntries(calls),
    // The only call that answers at once, with what waits.
    async *walkObjects(bucket, prefix, options) {
      await wait(options?.signal);
      yield* memory.walkObjects(bucket, prefix, options);
    },
  };
}

/** Calls that end only when they are cancelled, or never. */
function hanging(): Partial<Project> {
  const wait = (...args: unknown[]): Promise<never> => {
    const { signal } = (args.at(-1) ?? {}) as { signal?: AbortSignal };
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  };
  return { headObject: wait, getObject: wait, putObject: wait, listObjects: wait, headBucket: wait, listBuckets: wait };
}

/** Calls that wait until `open` is called, and then do what they should. */
function held(): { project(memory: Project): Partial<Project>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    open,
    project: (memory) =>
      Object.fromEntries(
        Object.entries(memory).map(([name, method]) => [
          name,
          async (...args: unknown[]) => {
            await opened;
            return await (method as (...args: unknown[]) => unknown).apply(memory, args);
          },
        ]),
      ),
  };
}

/** Defects of the core, with a text that nobody may read. */
function broken(secret: string): Partial<Project> {
  const fail = () => Promise.reject(new Error(secret));
  return { headObject: fail, getObject: fail, putObject: fail, listObjects: fail, headBucket: fail, listBuckets: fail };
}

/** Values of options that the frontend itself calls secret. */
function secretOptions({ plugin, options }: FrontendSubject<OptionFields>): Record<string, string> {
  const given = Object.entries(options as Record<string, unknown>);
  const secret = given.filter(([key, value]) => plugin.options[key]?.secret === true && typeof value === "string");
  return Object.fromEntries(secret.map(([key, value]) => [`option ${key}`, value as string]));
}

/** Everything that is written to stdout and stderr, until the returned function is called. */
function listenToOutput(told: string[]): () => void {
  const streams = [process.stdout, process.stderr] as const;
  const originals = streams.map((stream) => stream.write);
  for (const [i, stream] of streams.entries()) {
    stream.write = function write(this: typeof stream, ...args: Parameters<typeof stream.write>) {
      told.push(typeof args[0] === "string" ? args[0] : Buffer.from(args[0]).toString());
      return originals[i]!.apply(stream, args);
    } as typeof stream.write;
  }
  return () => {
    for (const [i, stream] of streams.entries()) stream.write = originals[i]!;
  };
}

function openHandles(): number {
  const kinds = ["TCPServerWrap", "TCPSocketWrap", "PipeWrap", "Timeout", "UDPWRAP", "MessagePort", "Worker"];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}

/** The value once it no longer changes: what was closed takes a moment to be gone. */
async function settled(value: () => number): Promise<number> {
  let last = value();
  for (let same = 0, tries = 0; same < 6 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const now = value();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** Opens a TCP connection to "http://host:port" or "host:port". */
async function isOpen(address: string): Promise<boolean> {
  try {
    const socket = await connected(address);
    socket.on("error", () => {}).destroy();
    return true;
  } catch {
    return false;
  }
}

async function connected(address: string) {
  const { hostname, port } = new URL(/^\w+:\/\//.test(address) ? address : `tcp://${address}`);
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ""));
  await once(socket, "connect");
  return socket;
}

function after(ms: number): Promise<"time is over"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("time is over"), ms).unref();
  });
}

async function until(condition: () => boolean, message: () => string): Promise<void> {
  for (const end = performance.now() + 5_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (performance.now() > end) assert.fail(message());
  }
}

function text(value: unknown): string {
  const full = isPosternError(value) ? value.message : value;
  return typeof full === "string" ? full : inspect(full, { depth: 8, maxStringLength: null, maxArrayLength: 1_000 });
}
