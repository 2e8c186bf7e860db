import { PosternError } from "../../core/index.js";

/** Options of the auth frontend; all optional. */
export interface AuthOptions {
  /** Address to listen on. Default "127.0.0.1". */
  host?: string;
  /** TCP port of the HTTP API; 0 takes a free one, undefined does not listen. Default undefined. */
  httpPort?: number;
  /** TCP port of plaintext gRPC with reflection and health; as `httpPort`. */
  grpcPort?: number;
  /** TCP port of plaintext DRPC, as `uplink access register` speaks it; as `httpPort`. */
  drpcPort?: number;
  /** Bearer tokens that open GET /v1/access/:id. Default none, which opens it to everybody, as in Storj's service. */
  tokens?: readonly string[];
  /** Longest body or message of a registration, in bytes. Default 4 096 (storj/edge pkg/auth/peer.go). */
  maxBodyBytes?: number;
  /** TCP port of GET /metrics for Prometheus; as `httpPort`. */
  metricsPort?: number;
  /**
   * Registrations, and look-ups without a gateway's token, of one IP address a minute; 0 does not limit. Default 600:
   * many people may share one address.
   */
  requestsPerMinute?: number;
  /** Proxies of one's own in front, whose X-Forwarded-For is believed over HTTP. Default 0. */
  trustedProxies?: number;
  /** Most connections at a time, on each port. Default 1 000. */
  maxConnections?: number;
}

type Ports = "httpPort" | "grpcPort" | "drpcPort" | "metricsPort";

export interface CompleteAuthOptions extends Required<Omit<AuthOptions, Ports>> {
  readonly httpPort: number | undefined;
  readonly grpcPort: number | undefined;
  readonly drpcPort: number | undefined;
  readonly metricsPort: number | undefined;
}

/** Fills and checks the options; `invalid-argument` names the one that is wrong. */
export function completeOptions(options: AuthOptions): CompleteAuthOptions {
  return {
    host: options.host ?? "127.0.0.1",
    httpPort: port("httpPort", options.httpPort),
    grpcPort: port("grpcPort", options.grpcPort),
    drpcPort: port("drpcPort", options.drpcPort),
    metricsPort: port("metricsPort", options.metricsPort),
    requestsPerMinute: within("requestsPerMinute", options.requestsPerMinute ?? 600, 0, 2 ** 30),
    trustedProxies: within("trustedProxies", options.trustedProxies ?? 0, 0, 16),
    tokens: options.tokens ?? [],
    maxBodyBytes: within("maxBodyBytes", options.maxBodyBytes ?? 4_096, 256, 2 ** 20),
    maxConnections: within("maxConnections", options.maxConnections ?? 1_000, 1, 2 ** 20),
  };
}

function port(name: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : within(name, value, 0, 65_535);
}

function within(name: string, value: number, least: number, most: number): number {
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : wrong(name, value);
}

function wrong(name: string, value: number): never {
  throw new PosternError("invalid-argument", `the auth option ${name} can not be ${value}`);
}
