import { Counter, Histogram, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";
import { isPosternError } from "../../core/index.js";
import type { AccessKeys, Metrics } from "../frontend.js";

export type Protocol = "http" | "grpc" | "drpc";

/** What the auth service counts, in a registry of its own: several services may run in one process. */
export interface AuthMetrics {
  /** The same access keys, counted under a protocol. */
  counted(access: AccessKeys, protocol: Protocol): AccessKeys;
  /** A request was refused because its client asks too often. */
  limited(protocol: Protocol): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The same for another process, which adds up those of several; can be sent as JSON. */
  snapshot(): Promise<MetricsSnapshot>;
}

export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[];

const requestsTotal = {
  name: "requests_total",
  help: "Registrations and look-ups by result",
  labels: ["operation", "protocol", "result"],
};
const requestSeconds = {
  name: "request_seconds",
  help: "Time of registrations and look-ups",
  labels: ["operation"],
};
const limitedTotal = {
  name: "limited_total",
  help: "Requests refused because their client asks too often",
  labels: ["protocol"],
};
const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** As the metrics of all frontends are named. */
function named({ name, help }: { readonly name: string; readonly help: string }) {
  return { name: `postern_auth_${name}`, help };
}

/** Also told to the metrics that all frontends share, if there are any. Results are "ok" or an error code, both of closed sets, so that no stranger can make up time series. */
export function createAuthMetrics(shared?: Metrics): AuthMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({ ...named(requestsTotal), labelNames: requestsTotal.labels, registers });
  const seconds = new Histogram({ ...named(requestSeconds), labelNames: requestSeconds.labels, buckets, registers });
  const limited = new Counter({ ...named(limitedTotal), labelNames: limitedTotal.labels, registers });
  const also = shared && {
    requests: shared.counter(requestsTotal),
    seconds: shared.histogram({ ...requestSeconds, buckets }),
    limited: shared.counter(limitedTotal),
  };

  const counted = async <T>(operation: string, protocol: Protocol, run: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    let result = "ok";
    try {
      return await run();
    } catch (error) {
      result = isPosternError(error) ? error.code : "unknown";
      throw error;
    } finally {
      const took = (performance.now() - began) / 1_000;
      seconds.observe({ operation }, took);
      also?.seconds.observe(took, { operation });
      requests.inc({ operation, protocol, result });
      also?.requests.add({ operation, protocol, result });
    }
  };

  return {
    counted: (access, protocol) => ({
      register: (request) => counted("register", protocol, () => access.register(request)),
      resolve: (accessKeyId) => counted("resolve", protocol, () => access.resolve(accessKeyId)),
      ping: () => access.ping(),
    }),
    limited(protocol) {
      limited.inc({ protocol });
      also?.limited.add({ protocol });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
    snapshot: () => registry.getMetricsAsJSON(),
  };
}
