import type { RequestListener } from "node:http";
import { createRateLimiter, type RateLimiter } from "../../core/index.js";
import { type BoundService, serveGrpc, servePlainDrpc } from "../../core/rpc/index.js";
import { defineFrontend, type Frontend, type FrontendDeps, type Logger } from "../frontend.js";
import { type Listening, listen } from "../http/index.js";
import { type ClientLimit, createClientLimit } from "./client-limit.js";
import { edgeAuthService } from "./edge-auth-service.js";
import { authHttpApp } from "./http-app.js";
import { type AuthMetrics, createAuthMetrics, type Protocol } from "./metrics.js";
import { listenMetrics } from "./metrics-app.js";
import { type AuthOptions, authOptions, type CompleteAuthOptions } from "./options.js";

export { type AuthMetrics, createAuthMetrics, type MetricsSnapshot } from "./metrics.js";
export { listenMetrics } from "./metrics-app.js";
export { createMetricsSum, type MetricsSum } from "./metrics-sum.js";
export { type AuthOptions, authOptions } from "./options.js";

/** One listener of the frontend, whatever it speaks. */
interface Listener {
  readonly name: Protocol | "metrics";
  readonly address: string;
  stop(graceMs: number): Promise<void>;
}

const defaultGraceMs = 10_000;

/** What the auth service needs of what frontends are given: it opens no projects. */
export interface AuthDeps
  extends Pick<FrontendDeps, "access" | "log">,
    Partial<Pick<FrontendDeps, "grpc" | "metrics">> {
  /** Limits clients in place of one that `requestsPerMinute` makes, where several processes share it. */
  readonly clientLimit?: Pick<RateLimiter, "take">;
  /** Counts in place of what the frontend makes for itself. */
  readonly counts?: AuthMetrics;
}

/** What the listeners share. */
interface Shared {
  readonly options: CompleteAuthOptions;
  readonly deps: AuthDeps;
  readonly metrics: AuthMetrics;
  readonly limit: ClientLimit;
  readonly state: { started: boolean; live: boolean };
}

/** Registers access grants over HTTP, gRPC and DRPC. */
export const auth = defineFrontend({
  name: "auth",
  options: authOptions,
  async start(deps: AuthDeps, options) {
    const state = { started: false, live: true };
    const metrics = deps.counts ?? createAuthMetrics(deps.metrics);
    const limit = createClientLimit(deps.clientLimit ?? limiterOf(options), metrics);
    const shared = { options, deps, metrics, limit, state };
    const listeners: Listener[] = [];
    const stopAll = async (graceMs: number): Promise<void> => {
      state.live = false;
      await Promise.all(listeners.map((listener) => listener.stop(graceMs)));
    };
    const { httpPort, grpcPort, drpcPort, metricsPort } = options;
    try {
      if (grpcPort !== undefined) listeners.push(await listenGrpc(grpcPort, shared));
      else deps.grpc?.mount(rpcService("grpc", shared), { callTimeoutMs: options.callMs });
      if (drpcPort !== undefined) listeners.push(await listenDrpc(drpcPort, shared));
      if (metricsPort !== undefined) listeners.push(await listenForScrapers(metricsPort, shared));
      // The last one: whoever asks it how this service is must not hear that the others are to come.
      if (httpPort !== undefined) listeners.unshift(await listenHttp(httpPort, shared));
    } catch (error) {
      await stopAll(0);
      throw error;
    }
    state.started = true;
    return {
      addresses: Object.fromEntries(listeners.map((listener) => [listener.name, listener.address])),
      ready: () => deps.access.ping(),
      stop: ({ graceMs = defaultGraceMs } = {}) => stopAll(graceMs),
    };
  },
});

/** `invalid-argument` names all options that are wrong. */
export function authFrontend(options?: AuthOptions): Frontend<AuthDeps> {
  return auth.create(options);
}

async function listenHttp(port: number, shared: Shared): Promise<Listener> {
  const { options, deps, metrics, limit, state } = shared;
  const app = authHttpApp({
    access: metrics.counted(deps.access, "http"),
    log: deps.log,
    take: (address) => limit.take(address, "http"),
    trustedProxies: options.trustedProxies,
    started: () => state.started,
    live: () => state.live,
    tokens: options.tokens,
    maxBodySize: options.maxBodyBytes,
    idleMs: options.idleMs,
  });
  return listenerOf("http", await listenWeb(app, port, options));
}

async function listenForScrapers(port: number, { options, metrics }: Shared): Promise<Listener> {
  return listenerOf("metrics", await listenMetrics(metrics, { host: options.host, port }));
}

function listenWeb(handler: RequestListener, port: number, options: CompleteAuthOptions): Promise<Listening> {
  return listen(handler, {
    host: options.host,
    port,
    tls: options.tls,
    maxConnections: options.maxConnections,
    maxConnectionsPerClient: options.trustedProxies > 0 ? undefined : options.maxConnectionsPerClient,
    maxHeaderBytes: 16_384,
    headersTimeoutMs: options.idleMs,
    keepAliveMs: 65_000,
    highWaterMark: 16_384,
  });
}

function listenerOf(name: "http" | "metrics", listening: Listening): Listener {
  return { name, address: listening.url, stop: (graceMs) => listening.stop(graceMs) };
}

/** With reflection and health, so that grpcurl and probes need no .proto file. */
async function listenGrpc(port: number, shared: Shared): Promise<Listener> {
  const { options, deps } = shared;
  const server = await serveGrpc({
    listen: { host: options.host, port },
    services: [rpcService("grpc", shared)],
    onDefect: defectsTo(deps.log),
    ...strangers(options),
    callTimeoutMs: options.callMs,
    maxMessageBytes: 2 * options.maxBodyBytes,
    reflection: true,
    ready: () => deps.access.ping(),
    readyEveryMs: options.healthMs,
  });
  return { name: "grpc", address: server.address, stop: (graceMs) => server.stop({ graceMs }) };
}

async function listenDrpc(port: number, shared: Shared): Promise<Listener> {
  const { options, deps } = shared;
  const server = await servePlainDrpc({
    listen: { host: options.host, port },
    services: [rpcService("drpc", shared)],
    onDefect: defectsTo(deps.log),
    ...strangers(options),
    // A grant that is a little too long is told so; what is longer than that is no registration.
    callWithinMs: options.callMs,
    maxPacketBytes: 2 * options.maxBodyBytes,
    windowBytes: 2 * options.maxBodyBytes,
  });
  return { name: "drpc", address: server.address, stop: (graceMs) => server.stop({ graceMs }) };
}

/** What both kinds of RPC allow strangers. */
function strangers({ tls, maxConnections, maxConnectionsPerClient, idleMs, callMs }: CompleteAuthOptions) {
  return { tls, maxConnections, maxConnectionsPerClient, handshakeTimeoutMs: idleMs, inactivityTimeoutMs: callMs };
}

function rpcService(protocol: "grpc" | "drpc", { options, deps, metrics, limit }: Shared): BoundService {
  const take = (address: string): number => limit.take(address, protocol);
  return edgeAuthService(metrics.counted(deps.access, protocol), deps.log, take, options.maxBodyBytes);
}

function limiterOf({ requestsPerMinute }: CompleteAuthOptions): RateLimiter | undefined {
  return requestsPerMinute === 0 ? undefined : createRateLimiter({ perMinute: requestsPerMinute });
}

/** What a caller is only told "internal error" of. */
function defectsTo(log: Logger): (error: unknown, path: string) => void {
  return (error, path) => log.error({ error: String(error), path }, "defect in a call");
}
