import type { RequestListener } from "node:http";
import { type BoundService, serveGrpc, servePlainDrpc } from "../../core/rpc/index.js";
import { defineFrontend, type Frontend, type FrontendDeps, type Logger } from "../frontend.js";
import { listen } from "../http/index.js";
import { type ClientLimit, createClientLimit } from "./client-limit.js";
import { edgeAuthService } from "./edge-auth-service.js";
import { authHttpApp } from "./http-app.js";
import { type AuthMetrics, createAuthMetrics, type Protocol } from "./metrics.js";
import { metricsApp } from "./metrics-app.js";
import { type AuthOptions, authOptions, type CompleteAuthOptions } from "./options.js";

export type { AuthOptions } from "./options.js";

/** One listener of the frontend, whatever it speaks. */
interface Listener {
  readonly name: Protocol | "metrics";
  readonly address: string;
  stop(graceMs: number): Promise<void>;
}

const defaultGraceMs = 10_000;

/** What the auth service needs of what frontends are given: it opens no projects. */
export type AuthDeps = Pick<FrontendDeps, "access" | "log"> & Partial<Pick<FrontendDeps, "grpc" | "metrics">>;

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
    const metrics = createAuthMetrics(deps.metrics);
    const shared = { options, deps, metrics, limit: createClientLimit(options.requestsPerMinute, metrics), state };
    const listeners: Listener[] = [];
    const stopAll = async (graceMs: number): Promise<void> => {
      state.live = false;
      await Promise.all(listeners.map((listener) => listener.stop(graceMs)));
    };
    const { httpPort, grpcPort, drpcPort, metricsPort } = options;
    try {
      if (httpPort !== undefined) listeners.push(await listenHttp(httpPort, shared));
      if (grpcPort !== undefined) listeners.push(await listenGrpc(grpcPort, shared));
      else deps.grpc?.mount(rpcService("grpc", shared), { callTimeoutMs: options.callMs });
      if (drpcPort !== undefined) listeners.push(await listenDrpc(drpcPort, shared));
      if (metricsPort !== undefined) listeners.push(await listenMetrics(metricsPort, shared));
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
  return webListener("http", app, port, options);
}

/** In clear: it is for the neighbourhood, whose scrapers know no certificates. */
function listenMetrics(port: number, { options, metrics }: Shared): Promise<Listener> {
  return webListener("metrics", metricsApp(metrics), port, { ...options, tls: undefined });
}

async function webListener(
  purpose: "http" | "metrics",
  handler: RequestListener,
  port: number,
  options: CompleteAuthOptions,
): Promise<Listener> {
  const listening = await listen(handler, {
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
  return { name: purpose, address: listening.url, stop: (graceMs) => listening.stop(graceMs) };
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

/** What a caller is only told "internal error" of. */
function defectsTo(log: Logger): (error: unknown, path: string) => void {
  return (error, path) => log.error({ error: String(error), path }, "defect in a call");
}
