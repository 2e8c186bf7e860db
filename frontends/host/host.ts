import { PosternError, toPosternError } from "../../core/index.js";
import type { RunningServer } from "../../core/rpc/index.js";
import type { Frontend, FrontendDeps, Logger, RunningFrontend } from "../frontend.js";
import type { Listening } from "../http/index.js";
import { listenAdmin } from "./admin.js";
import { createLogin } from "./login.js";
import { createMetricsRegistry } from "./metrics.js";
import { createSharedGrpc, type SharedGrpcOptions } from "./shared-grpc.js";
import { catchStrays, runAs } from "./strays.js";

export interface HostOptions {
  /** In the order of their start. */
  readonly frontends: readonly HostedFrontend[];
  readonly deps: Pick<FrontendDeps, "openProject" | "access" | "settings" | "log">;
  readonly grpc: SharedGrpcOptions;
  /** Where health and metrics are told; nowhere when absent. */
  readonly admin?: { readonly host: string; readonly port: number };
  /** Told as soon as a frontend listens, before the next one starts. */
  readonly onStarted?: (frontend: RunningFrontend) => void;
  /** Keeps exceptions that nobody caught to the frontend that they come from; false when absent. One host a process. */
  readonly isolate?: boolean;
}

export interface HostedFrontend {
  readonly frontend: Frontend;
  /** The host does not start without it. Others may fail, and are told of as failed. */
  readonly required: boolean;
}

/** "failed": it did not start, or was stopped after too many exceptions. */
export interface FrontendState {
  readonly name: string;
  readonly state: "running" | "failed";
  readonly addresses: Readonly<Record<string, string>>;
  /** Full names of its services on the shared gRPC server. */
  readonly services: readonly string[];
  /** Exceptions that nothing of its own caught. */
  readonly strays: number;
  /** Why it failed. */
  readonly error: unknown;
}

export interface RunningHost {
  states(): readonly FrontendState[];
  /** "host:port" of the shared gRPC server; undefined when nothing is mounted there. */
  readonly grpcAddress: string | undefined;
  readonly adminUrl: string | undefined;
  /** In the reverse order, side by side. One that does not stop is left behind. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

/** A frontend with more exceptions than that within a minute is stopped. */
const mostStrays = 20;
const strayWindowMs = 60_000;
/** What a frontend may take to stop once its grace is over, in ms. */
const abandonMs = 750;
const defaultGraceMs = 10_000;

interface Entry {
  readonly name: string;
  readonly required: boolean;
  readonly log: Logger;
  readonly stopping: AbortController;
  running: RunningFrontend | undefined;
  strays: number[];
  strayCount: number;
  error: unknown;
}

/** Starts frontends side by side in this process, one after the other. Rejects with all stopped again. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { deps } = options;
  const metrics = createMetricsRegistry();
  const grpc = createSharedGrpc(options.grpc);
  const openWithCredentials = createLogin(deps.access, deps.openProject);
  const entries: Entry[] = [];
  const release = options.isolate === true ? catchStrays() : () => {};
  const strayMetric = metrics.metricsOf("host").counter({
    name: "stray_exceptions_total",
    help: "Exceptions that nothing of the frontend caught",
    labels: ["frontend"],
  });
  let server: RunningServer | undefined;
  let admin: Listening | undefined;
  let stopped: Promise<void> | undefined;

  function onStray(entry: Entry, error: unknown): void {
    const now = Date.now();
    entry.strays = [...entry.strays.filter((at) => at > now - strayWindowMs), now];
    entry.strayCount++;
    strayMetric.add({ frontend: entry.name });
    entry.log.error({ error: describe(error) }, "an exception that nothing in the frontend caught");
    if (entry.strays.length <= mostStrays || entry.running === undefined) return;
    entry.error = new PosternError("internal", `more than ${mostStrays} exceptions in a minute`, { cause: error });
    entry.log.error({}, "too many exceptions: the frontend is stopped");
    void stopOne(entry, 0);
  }

  async function start({ frontend, required }: HostedFrontend): Promise<void> {
    const { name } = frontend;
    if (entries.some((entry) => entry.name === name)) {
      throw new PosternError("already-exists", `there are two frontends of the name ${name}`);
    }
    const log = named(deps.log, name);
    const stopping = new AbortController();
    const entry: Entry = {
      ...{ name, required, log, stopping },
      ...{ running: undefined, strays: [], strayCount: 0, error: undefined },
    };
    entries.push(entry);
    const own: FrontendDeps = {
      openProject: (grant) => deps.openProject(grant),
      openWithCredentials,
      access: deps.access,
      settings: deps.settings,
      log,
      metrics: metrics.metricsOf(name),
      grpc: grpc.mountOf(name),
      signal: stopping.signal,
    };
    try {
      const start = () => frontend.start(own);
      entry.running = await (options.isolate === true ? runAs((error) => onStray(entry, error), start) : start());
      options.onStarted?.(entry.running);
    } catch (error) {
      entry.error = error;
      grpc.unmount(name);
      stopping.abort();
      if (required) throw error;
      log.error({ error: describe(error) }, "the frontend did not start; the others go on without it");
    }
  }

  async function stopOne(entry: Entry, graceMs: number): Promise<void> {
    const { running } = entry;
    if (running === undefined) return;
    entry.running = undefined;
    entry.stopping.abort();
    const limit = abandoned(graceMs + abandonMs);
    try {
      if ((await Promise.race([running.stop({ graceMs }).then(() => "done"), limit.over])) === "over") {
        entry.log.error({}, "the frontend did not stop in time and is left behind");
      }
    } catch (error) {
      // The others must stop all the same.
      entry.log.error({ error: describe(error) }, "stopping the frontend failed");
    } finally {
      limit.clear();
    }
  }

  async function stop(graceMs: number): Promise<void> {
    // All drain at the same time, so that one that takes long costs the others nothing.
    const stopping = [server?.stop({ graceMs }), ...entries.toReversed().map((entry) => stopOne(entry, graceMs))];
    await Promise.all(stopping);
    await admin?.stop(0);
    release();
  }

  async function check() {
    const parts: Record<string, string> = {};
    let ok = stopped === undefined;
    if (!ok) parts["host"] = "stopping";
    const note = async (name: string, counts: boolean, test: () => Promise<unknown>): Promise<void> => {
      try {
        await test();
        parts[name] = "ok";
      } catch (error) {
        parts[name] = toPosternError(error).code;
        if (counts) ok = false;
      }
    };
    await note("access", true, () => deps.access.ping());
    for (const { name, required, running, error } of entries) {
      await note(name, required, async () => {
        if (running === undefined) throw error;
        await running.ready?.();
      });
    }
    return { ok, parts };
  }

  try {
    for (const hosted of options.frontends) await start(hosted);
    server = await grpc.open({
      onDefect: (error, path) => deps.log.error({ error: describe(error), path }, "defect in a gRPC call"),
      ready: () => deps.access.ping(),
    });
    const health = { check, stopping: () => stopped !== undefined };
    if (options.admin !== undefined) admin = await listenAdmin(options.admin, health, metrics);
  } catch (error) {
    await stop(0);
    throw error;
  }
  return {
    states() {
      const services = grpc.services();
      return entries.map(({ name, running, strayCount, error }) => ({
        name,
        state: running === undefined ? "failed" : "running",
        addresses: running?.addresses ?? {},
        services: services.get(name) ?? [],
        strays: strayCount,
        error,
      }));
    },
    grpcAddress: server?.address,
    adminUrl: admin?.url,
    stop({ graceMs = defaultGraceMs } = {}) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}

function named(log: Logger, frontend: string): Logger {
  return {
    debug: (fields, message) => log.debug({ frontend, ...fields }, message),
    info: (fields, message) => log.info({ frontend, ...fields }, message),
    warn: (fields, message) => log.warn({ frontend, ...fields }, message),
    error: (fields, message) => log.error({ frontend, ...fields }, message),
  };
}

function abandoned(ms: number): { readonly over: Promise<"over">; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<"over">((resolve) => {
    timer = setTimeout(() => resolve("over"), ms);
  });
  return { over, clear: () => clearTimeout(timer) };
}

/** What is told of an error. The texts of those that are not ours may hold anything, so of these it is where they arose. */
function describe(error: unknown): string {
  if (error instanceof PosternError) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const code = "code" in error ? ` ${String(error.code)}` : "";
  return [`${error.name}${code}`, ...frames.slice(0, 4).map((line) => line.trim())].join(" ");
}
