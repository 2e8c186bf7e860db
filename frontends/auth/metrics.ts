import { Counter, Histogram, Registry } from "prom-client";
import { isPosternError } from "../../core/index.js";
import type { AccessKeys } from "../frontend.js";

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
}

/** Results are "ok" or an error code, both of closed sets, so that no stranger can make up time series. */
export function createAuthMetrics(): AuthMetrics {
  const registry = new Registry();
  const requests = new Counter({
    name: "postern_auth_requests_total",
    help: "Registrations and look-ups by result",
    labelNames: ["operation", "protocol", "result"] as const,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "postern_auth_request_seconds",
    help: "Time of registrations and look-ups",
    labelNames: ["operation"] as const,
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    registers: [registry],
  });
  const limited = new Counter({
    name: "postern_auth_limited_total",
    help: "Requests refused because their client asks too often",
    labelNames: ["protocol"] as const,
    registers: [registry],
  });

  const counted = async <T>(operation: string, protocol: Protocol, run: () => Promise<T>): Promise<T> => {
    const stop = seconds.startTimer({ operation });
    let result = "ok";
    try {
      return await run();
    } catch (error) {
      result = isPosternError(error) ? error.code : "unknown";
      throw error;
    } finally {
      stop();
      requests.inc({ operation, protocol, result });
    }
  };

  return {
    counted: (access, protocol) => ({
      register: (request) => counted("register", protocol, () => access.register(request)),
      resolve: (accessKeyId) => counted("resolve", protocol, () => access.resolve(accessKeyId)),
      ping: () => access.ping(),
    }),
    limited: (protocol) => limited.inc({ protocol }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
