import cluster, { type Worker } from "node:cluster";
import { fileURLToPath } from "node:url";
import { createLimitsHub, type TokensOf } from "../core/auth/shared-limits.js";
import { PosternError } from "../core/index.js";
import { createMetricsSum, listenMetrics, type MetricsSnapshot, type MetricsSum } from "../frontends/auth/index.js";
import type { Logger } from "../frontends/frontend.js";
import { type AuthConfig, authRates } from "./auth-config.js";
import { type FromAuthWorker, type ToAuthWorker, tellEveryMs } from "./auth-messages.js";
import { noneOfOurs } from "./env.js";
import { type KeptRunning, keepRunning, type StartedProcess } from "./kept-running.js";
import { rescueConnections } from "./rescue-connections.js";
import type { Stopper } from "./stopper.js";
import { createTeller, type Teller } from "./teller.js";

/** What this process knows of one that serves. */
interface Serving {
  readonly worker: Worker;
  readonly teller: Teller;
  isReady: boolean;
}

/** How long a process may take to tell what it has counted; what it told the last time stands in for it then. */
const countMs = 1_000;

/**
 * Runs the auth service in `config.processes` processes on the same ports. This one takes connections and hands them to
 * the others in turn; it starts those that end again, tells each what the others let through, and sums up what they count.
 * Secrets reach them by messages, and by neither arguments nor environment.
 */
export async function startAuthProcesses(
  config: AuthConfig,
  stopper: Stopper,
  log: Logger,
): Promise<Readonly<Record<string, string>>> {
  // What the operating system hands connections to is mostly the same process, and each keeps those that it has.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: fileURLToPath(new URL("./auth-worker.js", import.meta.url)), args: [] });
  const serving = new Map<number, Serving>();
  const hub = createLimitsHub(authRates(config));
  const metrics = gatherMetrics(serving);
  /** Where they listen, which all of them say. */
  let addresses: Readonly<Record<string, string>> | undefined;

  const start = (cleans: boolean): StartedProcess => {
    const worker = cluster.fork(noneOfOurs());
    const { id } = worker;
    const tell = (message: ToAuthWorker, left: () => void = () => {}): void => void worker.send(message, left);
    const nextTaken = (): ToAuthWorker | undefined => {
      const tokens = hub.drain(id);
      return tokens && { kind: "taken", tokens };
    };
    const one: Serving = { worker, teller: createTeller(nextTaken, tell, tellEveryMs), isReady: false };
    serving.set(id, one);
    rescueConnections(worker, () => [...serving.values()].some(({ isReady }) => isReady));
    worker.process.once("disconnect", () => {
      serving.delete(id);
      hub.leave(id);
      metrics.left(id);
    });
    const ready = new Promise<void>((resolve, reject) => {
      worker.on("message", (message: FromAuthWorker) => {
        if (message.kind === "here") tell({ kind: "serve", config: ofOne(config), cleans, owed: hub.join(id) });
        else if (message.kind === "taken") hear(id, message.tokens, message.urgent);
        else if (message.kind === "counted") metrics.told(id, message.snapshot);
        else if (message.kind === "failed") reject(new PosternError("unavailable", message.line));
        else {
          one.isReady = true;
          addresses ??= message.addresses;
          if (same(addresses, message.addresses)) resolve();
          // Free ports are gone when all processes have ended, and nobody would look for others.
          else stopper.fail(new PosternError("unavailable", "all processes ended at once; the ports are others now"));
        }
      });
    });
    return { child: worker.process, ready, tellToEnd: () => tell({ kind: "stop" }) };
  };
  const hear = (from: number, tokens: TokensOf, urgent: boolean): void => {
    hub.hear(from, tokens);
    for (const [id, { teller }] of serving) if (id !== from) teller.news(urgent);
  };

  const kept: KeptRunning[] = [];
  stopper.add("processes", () => Promise.all(kept.map((one) => one.stop())));
  const run = async (i: number): Promise<void> => {
    const name = `process ${i + 1} of the auth service`;
    kept.push(
      await keepRunning({
        name,
        start: () => start(i === 0),
        onEnd: (text) => log.warn({}, text),
        onReady: () => log.info({}, `${name} runs again`),
      }),
    );
  };
  // What is wrong for all of them the first one tells, once.
  await run(0);
  const { metrics: metricsPort } = config.ports;
  const listening =
    metricsPort === undefined ? undefined : await listenMetrics(metrics, { host: config.host, port: metricsPort });
  if (listening !== undefined) stopper.add("metrics", () => listening.stop(0));
  const others = Array.from({ length: config.processes - 1 }, (_, i) => run(i + 1));
  for (const result of await Promise.allSettled(others)) if (result.status === "rejected") throw result.reason;
  if (config.tls.length > 0) {
    process.on("SIGHUP", () => {
      for (const { worker } of serving.values()) worker.send({ kind: "look at certificates" } satisfies ToAuthWorker);
    });
  }
  return listening === undefined ? addresses! : { ...addresses, metrics: listening.url };
}

/** Metrics are told by the first process, for all. */
function ofOne(config: AuthConfig): AuthConfig {
  return { ...config, ports: { ...config.ports, metrics: undefined } };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).every((purpose) => a[purpose] === b[purpose]);
}

interface GatheredMetrics extends Pick<MetricsSum, "text" | "contentType"> {
  told(id: number, snapshot: MetricsSnapshot): void;
  /** It will tell no more. */
  left(id: number): void;
}

/** Asks all processes whenever somebody wants to know, all scrapers together. */
function gatherMetrics(serving: ReadonlyMap<number, Serving>): GatheredMetrics {
  const sum = createMetricsSum();
  /** Those that were asked and have not answered yet; nobody is asked again before. */
  const asked = new Map<number, () => void>();
  let gathering: Promise<void> | undefined;
  const answerOf = (id: number, worker: Worker): Promise<void> =>
    new Promise((resolve) => {
      if (!asked.has(id)) worker.send({ kind: "count" } satisfies ToAuthWorker, () => {});
      asked.set(id, resolve);
    });
  const gather = async (): Promise<void> => {
    const answers = [...serving].filter(([, { isReady }]) => isReady).map(([id, { worker }]) => answerOf(id, worker));
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      late = setTimeout(resolve, countMs);
    });
    await Promise.race([Promise.all(answers), limit]);
    clearTimeout(late);
    gathering = undefined;
  };
  const settle = (id: number): void => {
    asked.get(id)?.();
    asked.delete(id);
  };
  return {
    async text() {
      gathering ??= gather();
      await gathering;
      return sum.text();
    },
    contentType: sum.contentType,
    told(id, snapshot) {
      sum.set(id, snapshot);
      settle(id);
    },
    left(id) {
      sum.left(id);
      settle(id);
    },
  };
}
