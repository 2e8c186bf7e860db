import type { Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { PosternError } from "../../errors.js";
import { verifyChain } from "../../identity/chain.js";
import type { Identity } from "../../identity/identity.js";
import { nodeContextOptions, peerChainOf } from "../../identity/tls.js";
import { routesOf } from "../handler.js";
import { RpcStatus } from "../status.js";
import { addressText, type ListenOptions, listenTcp, within } from "../tcp.js";
import type { BoundService, RunningServer } from "../transport.js";
import { asWebTls, followTls, serverOptions, type TlsSource } from "../web-tls.js";
import { addReflection } from "./reflection.js";
import { type RawCall, type RunningCall, runGrpcCall } from "./server-call.js";
import { grpcStatusObject } from "./status.js";

export interface ServeGrpcOptions extends ListenOptions {
  services: readonly BoundService[];
  /** Node identities: callers must show one too. */
  identity?: Identity;
  /** Without an identity: certificates for web TLS; in clear when absent. */
  tls?: TlsSource;
  /** Serves the reflection service, for services of our .proto files and with descriptors; false when absent. */
  reflection?: boolean;
  /** Serves grpc.health.v1, for the server ("") and each service; true when absent. */
  health?: boolean;
  /** Rejects while the services can not serve: health then says NOT_SERVING. They always can when absent. */
  ready?: () => Promise<unknown>;
  /** How often `ready` is asked, in ms; 5 000 when absent. */
  readyEveryMs?: number;
  /** Largest message taken and sent, bytes; 4 MiB when absent. */
  maxMessageBytes?: number;
  /** Calls that one connection may run at a time; 100 when absent. */
  maxConcurrentCalls?: number;
  /** Milliseconds without a call after which a connection is closed; 600 000 when absent. */
  inactivityTimeoutMs?: number;
  /** Milliseconds that a call may take, or that by full name of its service; for ever when absent. */
  callTimeoutMs?: number | ReadonlyMap<string, number>;
  /** Hears of what handlers throw that is no PosternError: defects, of which the peer learns nothing. */
  onDefect?: (error: unknown, path: string) => void;
}

/** Serves the same handlers over gRPC. */
export async function serveGrpc(options: ServeGrpcOptions): Promise<RunningServer> {
  const { services, maxMessageBytes = 4 << 20, maxConcurrentCalls = 100, health = true, onDefect } = options;
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    "grpc.max_concurrent_streams": maxConcurrentCalls,
    "grpc.max_connection_idle_ms": options.inactivityTimeoutMs ?? 600_000,
    "grpc.enable_channelz": 0,
  });
  // Chains of the callers by "host:port": gRPC itself passes on only the leaf.
  const chains = new Map<string, readonly Uint8Array[]>();
  const calls = new Set<RunningCall>();
  // By caller. Cancelled calls leave HTTP/2's count at once, but not this one: their handlers may still run.
  const running = new Map<string, number>();

  const { callTimeoutMs } = options;
  for (const [path, route] of routesOf(services)) {
    const timeoutMs = typeof callTimeoutMs === "object" ? callTimeoutMs.get(path.split("/")[1]!) : callTimeoutMs;
    const handle = (call: RawCall) => {
      const peerAddress = call.getPeer();
      const before = running.get(peerAddress) ?? 0;
      if (before >= 2 * maxConcurrentCalls) {
        const message = "too many calls on one connection";
        call.emit("error", grpcStatusObject({ status: RpcStatus.ResourceExhausted, message }));
        return;
      }
      running.set(peerAddress, before + 1);
      const one = runGrpcCall(call, path, route, { peerAddress, peerChain: chains.get(peerAddress) }, onDefect);
      calls.add(one);
      const late = () => one.abort(new PosternError("deadline-exceeded", "the call takes too long"));
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      void one.finished.then(() => {
        clearTimeout(timer);
        calls.delete(one);
        const left = running.get(peerAddress)! - 1;
        if (left === 0) running.delete(peerAddress);
        else running.set(peerAddress, left);
      });
    };
    server.register(path, handle, asIs, asIs, "bidi");
  }
  const names = services.map(({ definition }) => definition.fullName);
  const healthService = new HealthImplementation(Object.fromEntries(["", ...names].map((name) => [name, "SERVING"])));
  if (health) healthService.addToServer(server);
  const stopWatching = watchReady(options, (status) => {
    for (const name of ["", ...names]) healthService.setStatus(name, status);
  });
  if (options.reflection) {
    const descriptors = services.flatMap(({ definition }) => definition.descriptors ?? []);
    addReflection(server, health ? [...names, "grpc.health.v1.Health"] : names, descriptors);
  }

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const handshake = createHandshake(options);
  const listener = await listenTcp(options, async (tcp) => {
    const { socket, chain } = await handshake(tcp);
    if (tcp.destroyed) return;
    if (chain !== undefined) {
      const peer = addressText(tcp.remoteAddress, tcp.remotePort);
      chains.set(peer, chain);
      tcp.on("close", () => chains.delete(peer));
    }
    injector.injectConnection(socket);
  });

  async function stop(graceMs: number): Promise<void> {
    const closed = listener.close();
    stopWatching();
    for (const name of ["", ...names]) healthService.setStatus(name, "NOT_SERVING");
    if (graceMs > 0) {
      injector.drain(graceMs);
      await within(graceMs, closed);
    }
    const finished = [...calls].map((call) => call.finished);
    for (const call of calls) call.abort(new PosternError("unavailable", "the server is stopping"));
    listener.destroy();
    await Promise.all([closed, ...finished]);
    server.forceShutdown();
  }

  let stopped: Promise<void> | undefined;
  return {
    address: listener.address,
    stop({ graceMs = 0 } = {}) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}

/** Asks from time to time, one question at a time. */
function watchReady(
  { ready, readyEveryMs = 5_000 }: ServeGrpcOptions,
  tell: (status: "SERVING" | "NOT_SERVING") => void,
): () => void {
  if (ready === undefined) return () => {};
  let asking = false;
  let stopped = false;
  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    const status = await ready().then(
      () => "SERVING" as const,
      () => "NOT_SERVING" as const,
    );
    asking = false;
    if (!stopped) tell(status);
  };
  void ask();
  const timer = setInterval(() => void ask(), readyEveryMs).unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

function asIs(data: Buffer): Buffer {
  return data;
}

/** Secures accepted connections as the options say; gRPC then takes them as if in clear. */
function createHandshake({
  identity,
  tls,
}: ServeGrpcOptions): (tcp: Socket) => Promise<{ socket: Socket; chain?: readonly Uint8Array[] }> {
  if (identity === undefined) {
    if (tls === undefined) return async (socket) => ({ socket });
    const web = asWebTls(tls);
    const server = createTlsServer({ ...serverOptions(web), ALPNProtocols: ["h2"] });
    followTls(server, web);
    const secure = createTlsAcceptor(server);
    return async (tcp) => ({ socket: await secure(tcp) });
  }
  const settings = { ALPNProtocols: ["h2"], requestCert: true, rejectUnauthorized: false };
  const secure = createTlsAcceptor(createTlsServer({ ...nodeContextOptions(identity), ...settings }));
  return async (tcp) => {
    const socket = await secure(tcp);
    const chain = peerChainOf(socket);
    verifyChain(chain);
    return { socket, chain };
  };
}

/**
 * The server's side of TLS for sockets that were accepted elsewhere. Through a tls.Server, because http2 waits for ever
 * on a TLSSocket that was not made by one.
 */
function createTlsAcceptor(server: TlsServer): (tcp: Socket) => Promise<TLSSocket> {
  const waiting = new Map<string, (socket: TLSSocket) => void>();
  server.on("secureConnection", (socket) =>
    waiting.get(addressText(socket.remoteAddress, socket.remotePort))?.(socket),
  );
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return (tcp) =>
    new Promise((resolve, reject) => {
      const peer = addressText(tcp.remoteAddress, tcp.remotePort);
      const settle = () => {
        waiting.delete(peer);
        tcp.off("close", onClose);
      };
      const onClose = () => {
        settle();
        reject(new PosternError("unavailable", "the peer closed the connection"));
      };
      tcp.on("close", onClose);
      waiting.set(peer, (socket) => {
        settle();
        resolve(socket);
      });
      server.emit("connection", tcp);
    });
}
