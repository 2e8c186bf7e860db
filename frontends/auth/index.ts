import { serveGrpc, servePlainDrpc } from "../../core/rpc/index.js";
import type { Frontend, FrontendDeps, Logger, RunningFrontend } from "../frontend.js";
import { listen } from "../http/index.js";
import { edgeAuthService } from "./edge-auth-service.js";
import { authHttpApp } from "./http-app.js";
import { type AuthOptions, type CompleteAuthOptions, completeOptions } from "./options.js";

export type { AuthOptions } from "./options.js";

/** One listener of the frontend, whatever it speaks. */
interface Listener {
  readonly name: "http" | "grpc" | "drpc";
  readonly address: string;
  stop(graceMs: number): Promise<void>;
}

const name = "auth";
const defaultGraceMs = 10_000;

/** Registers access grants over HTTP, gRPC and DRPC. Options that make no sense fail at once. */
export function authFrontend(init: AuthOptions = {}): Frontend {
  const options = completeOptions(init);
  return {
    name,
    async start(deps): Promise<RunningFrontend> {
      let live = true;
      const listeners: Listener[] = [];
      const stopAll = async (graceMs: number): Promise<void> => {
        live = false;
        await Promise.all(listeners.map((listener) => listener.stop(graceMs)));
      };
      try {
        if (options.httpPort !== undefined) {
          listeners.push(await listenHttp(options.httpPort, options, deps, () => live));
        }
        if (options.grpcPort !== undefined) listeners.push(await listenGrpc(options.grpcPort, options, deps));
        if (options.drpcPort !== undefined) listeners.push(await listenDrpc(options.drpcPort, options, deps));
      } catch (error) {
        await stopAll(0);
        throw error;
      }
      return {
        name,
        addresses: Object.fromEntries(listeners.map((listener) => [listener.name, listener.address])),
        stop: ({ graceMs = defaultGraceMs } = {}) => stopAll(graceMs),
      };
    },
  };
}

async function listenHttp(
  port: number,
  options: CompleteAuthOptions,
  { access, log }: FrontendDeps,
  live: () => boolean,
): Promise<Listener> {
  const app = authHttpApp({ access, log, live, tokens: options.tokens, maxBodySize: options.maxBodyBytes });
  const listening = await listen(app.callback(), {
    host: options.host,
    port,
    maxConnections: options.maxConnections,
    maxHeaderBytes: 16_384,
    headersTimeoutMs: 10_000,
    keepAliveMs: 65_000,
    highWaterMark: 16_384,
  });
  return { name: "http", address: listening.url, stop: (graceMs) => listening.stop(graceMs) };
}

/** With reflection and health, so that grpcurl and probes need no .proto file. */
async function listenGrpc(
  port: number,
  options: CompleteAuthOptions,
  { access, log }: FrontendDeps,
): Promise<Listener> {
  const server = await serveGrpc({
    listen: { host: options.host, port },
    services: [edgeAuthService(access, log)],
    onDefect: defectsTo(log),
    maxConnections: options.maxConnections,
    maxMessageBytes: 2 * options.maxBodyBytes,
    inactivityTimeoutMs: 60_000,
    reflection: true,
  });
  return { name: "grpc", address: server.address, stop: (graceMs) => server.stop({ graceMs }) };
}

async function listenDrpc(
  port: number,
  options: CompleteAuthOptions,
  { access, log }: FrontendDeps,
): Promise<Listener> {
  const server = await servePlainDrpc({
    listen: { host: options.host, port },
    services: [edgeAuthService(access, log)],
    onDefect: defectsTo(log),
    maxConnections: options.maxConnections,
    inactivityTimeoutMs: 60_000,
  });
  return { name: "drpc", address: server.address, stop: (graceMs) => server.stop({ graceMs }) };
}

/** What a caller is only told "internal error" of. */
function defectsTo(log: Logger): (error: unknown, path: string) => void {
  return (error, path) => log.error({ error: String(error), path }, "defect in a call");
}
