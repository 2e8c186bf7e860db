import type { Socket } from "node:net";
import { PosternError } from "../../errors.js";
import { routesOf } from "../handler.js";
import { addressText, type ListenOptions, listenTcp, within } from "../tcp.js";
import type { BoundService, RunningServer } from "../transport.js";
import { socketChannel } from "./channel.js";
import { createServerConnection, type ServerConnection, type ServerConnectionOptions } from "./server-connection.js";

export interface DrpcListenOptions extends ServerConnectionOptions, ListenOptions {
  services: readonly BoundService[];
  /** Milliseconds without a byte in either direction after which a connection is closed; 600 000 when absent. */
  inactivityTimeoutMs?: number;
  /** Milliseconds within which each connection has to bring a call to its end, again and again; for ever when absent. */
  callWithinMs?: number;
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
  const { inactivityTimeoutMs = 600_000 } = options;
  const routes = routesOf(options.services);
  const connections = new Set<ServerConnection>();

  const listener = await listenTcp(options, async (tcp) => {
    const peerAddress = addressText(tcp.remoteAddress, tcp.remotePort);
    const { socket, peerChain } = await handshake(tcp);
    if (tcp.destroyed) return;
    socket.setTimeout(inactivityTimeoutMs, () => socket.destroy());
    const open = (events: Parameters<typeof socketChannel>[1]) => socketChannel(socket, events);
    const { callWithinMs } = options;
    // One who sends a byte now and then is never inactive.
    const timer = callWithinMs === undefined ? undefined : setTimeout(() => socket.destroy(), callWithinMs);
    const connection = createServerConnection(open, routes, { peerChain, peerAddress }, options, () =>
      timer?.refresh(),
    );
    connections.add(connection);
    void connection.finished.then(() => {
      clearTimeout(timer);
      connections.delete(connection);
    });
  });

  async function stop(graceMs: number): Promise<void> {
    const closed = listener.close();
    const all = [...connections];
    for (const connection of all) connection.drain();
    if (graceMs > 0) await within(graceMs, closed);
    for (const connection of all) connection.destroy(new PosternError("unavailable", "the server is stopping"));
    listener.destroy();
    await Promise.all([closed, ...all.map((connection) => connection.finished)]);
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
