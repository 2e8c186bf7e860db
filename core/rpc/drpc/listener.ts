import { createServer, type Socket } from "node:net";
import { PosternError } from "../../errors.js";
import { routesOf } from "../handler.js";
import type { BoundService, RunningServer } from "../transport.js";
import { socketChannel } from "./channel.js";
import { addressText } from "./dial.js";
import { createServerConnection, type ServerConnection, type ServerConnectionOptions } from "./server-connection.js";

export interface DrpcListenOptions extends ServerConnectionOptions {
  /** Where to listen; port 0 takes a free one. */
  listen: { host: string; port: number };
  services: readonly BoundService[];
  /** Open connections, handshakes included; more are closed at once. 1 000 when absent. */
  maxConnections?: number;
  /** Milliseconds from accepting to the end of the handshake; 10 000 when absent. */
  handshakeTimeoutMs?: number;
  /** Milliseconds without a byte in either direction after which a connection is closed; 600 000 when absent. */
  inactivityTimeoutMs?: number;
}

/** What a handshake gives: the socket to speak DRPC on. */
export interface Accepted {
  readonly socket: Socket;
  readonly peerChain: readonly Uint8Array[] | undefined;
}

/** Listens, lets `handshake` prepare each connection, and serves it. Used by the variants with and without TLS. */
export async function listenDrpc(
  options: DrpcListenOptions,
  handshake: (socket: Socket) => Promise<Accepted>,
): Promise<RunningServer> {
  const { maxConnections = 1_000, handshakeTimeoutMs = 10_000, inactivityTimeoutMs = 600_000 } = options;
  const routes = routesOf(options.services);
  const sockets = new Set<Socket>();
  const connections = new Set<ServerConnection>();
  let stopping = false;

  async function accept(tcp: Socket): Promise<void> {
    sockets.add(tcp);
    tcp.on("close", () => sockets.delete(tcp));
    tcp.on("error", () => {}); // Told to the handshake or to the channel as well.
    const timer = setTimeout(() => tcp.destroy(), handshakeTimeoutMs);
    try {
      const { socket, peerChain } = await handshake(tcp);
      if (stopping || socket.destroyed) return void tcp.destroy();
      socket.setTimeout(inactivityTimeoutMs, () => socket.destroy());
      const connection = createServerConnection(
        (events) => socketChannel(socket, events),
        routes,
        { peerChain, peerAddress: addressText(tcp.remoteAddress, tcp.remotePort) },
        options,
      );
      connections.add(connection);
      void connection.finished.then(() => connections.delete(connection));
    } catch {
      tcp.destroy(); // A stranger's failed handshake is nobody's error here.
    } finally {
      clearTimeout(timer);
    }
  }

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (tcp) => {
    if (sockets.size >= maxConnections || stopping) return void tcp.destroy();
    void accept(tcp);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new PosternError("unavailable", "can not listen", { cause })));
    server.listen(options.listen, () => resolve());
  });
  const bound = server.address();
  const address = typeof bound === "object" && bound !== null ? addressText(bound.address, bound.port) : String(bound);

  let stopped: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    stopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const all = [...connections];
    for (const connection of all) connection.drain();
    const finished = Promise.all(all.map((connection) => connection.finished));
    if (graceMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([finished, grace]);
      clearTimeout(timer);
    }
    for (const connection of all) connection.destroy(new PosternError("unavailable", "the server is stopping"));
    for (const socket of sockets) socket.destroy();
    await Promise.all([closed, finished]);
  }

  return {
    address,
    stop: ({ graceMs = 0 } = {}) => {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}
