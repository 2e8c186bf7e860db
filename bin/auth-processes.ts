import cluster, { type Worker } from "node:cluster";
import { fileURLToPath } from "node:url";
import { createLimitsHub, type TokensOf } from "../core/auth/shared-limits.js";
import { PosternError } from "../core/errors.js";
import { listenMetrics } from "../frontends/auth/metrics-app.js";
import type { Logger } from "../frontends/frontend.js";
import type { AuthConfig } from "./auth-config.js";
import { type FromAuthWorker, type ToAuthWorker, tellEveryMs } from "./auth-messages.js";
import { authRates } from "./auth-rates.js";
import { noneOfOurs } from "./env.js";
import { gatherMetrics } from "./gather-metrics.js";
import { type KeptRunning, keepRunning, type StartedProcess } from "./kept-running.js";
import { rescueConnections } from "./rescue-connections.js";
import type { Stopper } from "./stopper.js";
import { createTeller, type Teller } from "./teller.js";

/** What this process knows of one that serves. */
interface Serving {
  readonly worker: Worker;
  readonly teller: Teller;
  isReady: boolean;
  /** Questions of others that have not left this process. */
  untaken: number;
}

/** Questions that a process may have to take yet; one that takes none is asked no more. */
const mostUntaken = 1_000;

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
  cluster.setupPrimary({
    exec: fileURLToPath(new URL("./auth-worker.js", import.meta.url)),
    args: [],
    // Records have bytes in them.
    serialization: "advanced",
  });
  const serving = new Map<number, Serving>();
  const hub = createLimitsHub(authRates(config));
  const ready = (): Serving[] => [...serving.values()].filter(({ isReady }) => isReady);
  const metrics = gatherMetrics(() =>
    ready().map((one) => ({ id: one.worker.id, ask: () => send(one, { kind: "count" }) })),
  );
  /** Where they listen, which all of them say. */
  let addresses: Readonly<Record<string, string>> | undefined;

  const start = (cleans: boolean): StartedProcess => {
    const worker = cluster.fork(noneOfOurs());
    const { id } = worker;
    const nextTaken = (): ToAuthWorker | undefined => {
      const tokens = hub.drain(id);
      return tokens && { kind: "taken", tokens };
    };
    const teller = createTeller(nextTaken, (message, left) => send(one, message, left), tellEveryMs);
    const one: Serving = { worker, teller, isReady: false, untaken: 0 };
    serving.set(id, one);
    rescueConnections(worker, () => ready().some((other) => other !== one));
    worker.process.once("disconnect", () => {
      serving.delete(id);
      hub.leave(id);
      metrics.left(id);
    });
    const saysReady = new Promise<void>((resolve, reject) => {
      worker.on("message", (message: FromAuthWorker) => {
        if (message.kind === "here") send(one, { kind: "serve", config: ofOne(config), cleans, owed: hub.join(id) });
        else if (message.kind === "taken") hear(id, message.tokens, message.urgent);
        else if (message.kind === "counted") metrics.told(id, message.snapshot);
        else if (message.kind === "who knows") askOthers(id, message);
        else if (message.kind === "known") send(serving.get(message.to), message);
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
    return { child: worker.process, ready: saysReady, tellToEnd: () => send(one, { kind: "stop" }) };
  };
  const hear = (from: number, tokens: TokensOf, urgent: boolean): void => {
    hub.hear(from, tokens);
    for (const [id, { teller }] of serving) if (id !== from) teller.news(urgent);
  };
  const askOthers = (from: number, question: FromAuthWorker & { readonly kind: "who knows" }): void => {
    for (const one of ready()) {
      if (one.worker.id === from || one.untaken >= mostUntaken) continue;
      one.untaken++;
      send(one, { ...question, from }, () => one.untaken--);
    }
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
  if (listening !== undefined) stopper.add("metrics", () => listening.stop(1_000));
  const others = Array.from({ length: config.processes - 1 }, (_, i) => run(i + 1));
  for (const result of await Promise.allSettled(others)) if (result.status === "rejected") throw result.reason;
  if (config.tls.length > 0) {
    process.on("SIGHUP", () => {
      for (const one of serving.values()) send(one, { kind: "look at certificates" });
    });
  }
  return listening === undefined ? addresses! : { ...addresses, metrics: listening.url };
}

/** One that is gone hears nothing, and is missed by whoever waits for its answer. */
function send(to: Serving | undefined, message: ToAuthWorker, left: () => void = () => {}): void {
  to?.worker.send(message, left);
}

/** Metrics are told by the first process, for all. */
function ofOne(config: AuthConfig): AuthConfig {
  return { ...config, ports: { ...config.ports, metrics: undefined } };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).every((purpose) => a[purpose] === b[purpose]);
}
