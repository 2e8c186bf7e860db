import { connect, createServer, type Socket } from "node:net";
import { abortError, PosternError } from "../errors.js";
import { clientKey } from "./client-key.js";
import type { DialOptions } from "./transport.js";

/** The host and port of "host:port" or "[v6]:port". Throws `invalid-argument`. */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) throw new PosternError("invalid-argument", `not an address: ${address}`);
  return { host: match[1] ?? match[2]!, port };
}

/** "host:port" of a socket's end. */
export function addressText(host: string | undefined, port: number | undefined): string {
  return host?.includes(":") ? `[${host}]:${port}` : `${host ?? "unknown"}:${port ?? 0}`;
}

/**
 * Opens a connection in steps, which wait for each other by `established`, within one time limit. What fails, is
 * aborted or takes too long destroys the sockets.
 */
export async function dialSocket<S extends Socket>(
  address: string,
  { signal, timeoutMs = 10_000 }: DialOptions,
  secure: (tcp: Socket, host: string) => Promise<S>,
): Promise<S> {
  if (signal?.aborted) throw abortError(signal);
  const { host, port } = parseAddress(address);
  const tcp = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
  tcp.on("error", () => {}); // Told to whoever waits, or to the TLS socket above; a late one must not be nobody's.
  let failure: PosternError | undefined;
  const giveUp = (error: PosternError) => {
    failure ??= error;
    tcp.destroy(error);
  };
  const onAbort = () => giveUp(abortError(signal!));
  const timer = setTimeout(
    () => giveUp(new PosternError("unavailable", `dialing ${address} took too long`)),
    timeoutMs,
  );
  signal?.addEventListener("abort", onAbort);
  try {
    await established(tcp, "connect");
    return await secure(tcp, host);
  } catch (cause) {
    tcp.destroy();
    if (failure !== undefined) throw failure;
    if (cause instanceof PosternError) throw cause;
    throw new PosternError("unavailable", `can not connect to ${address}`, { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Waits for an event that ends a step of a handshake; rejects when the socket fails or closes first. */
export function established(socket: Socket, event: "connect" | "secureConnect" | "secure"): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => settle(new PosternError("unavailable", "the peer closed the connection"));
    const settle = (error?: Error) => {
      socket.off(event, onEvent);
      socket.off("error", settle);
      socket.off("close", onClose);
      if (error === undefined) return resolve();
      // Later errors of a socket that is given up have no one else to hear them.
      socket.on("error", () => {});
      reject(error);
    };
    const onEvent = () => settle();
    socket.on(event, onEvent);
    socket.on("error", settle);
    socket.on("close", onClose);
  });
}

export interface ListenOptions {
  /** Where to listen; port 0 takes a free one. */
  listen: { host: string; port: number };
  /** Open connections, handshakes included; more are closed at once. 1 000 when absent. */
  maxConnections?: number;
  /** Of them those of one client's address; as many as there are in all when absent. */
  maxConnectionsPerClient?: number;
  /** Milliseconds from accepting to the end of the handshake; 10 000 when absent. */
  handshakeTimeoutMs?: number;
}

export interface TcpListener {
  /** "host:port" where it listens. */
  readonly address: string;
  /** Takes no more connections, closes those in their handshake; resolves when all connections are gone. */
  close(): Promise<void>;
  /** Closes all connections at once. */
  destroy(): void;
}

/**
 * Listens, and gives connections to `accept`, which resolves when their handshake is over; those that take too long
 * or fail are closed.
 */
export async function listenTcp(
  { listen, maxConnections = 1_000, maxConnectionsPerClient, handshakeTimeoutMs = 10_000 }: ListenOptions,
  accept: (tcp: Socket) => Promise<void>,
): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const handshakes = new Set<Socket>();
  const counts = createClientCount(maxConnectionsPerClient ?? maxConnections);
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (tcp) => {
    const leave = sockets.size >= maxConnections ? undefined : counts(tcp.remoteAddress);
    if (leave === undefined) {
      tcp.destroy();
      return;
    }
    sockets.add(tcp);
    handshakes.add(tcp);
    tcp.on("error", () => {}); // Told to whoever handles the connection as well.
    const timer = setTimeout(() => tcp.destroy(), handshakeTimeoutMs);
    const over = () => {
      clearTimeout(timer);
      handshakes.delete(tcp);
    };
    tcp.on("close", () => {
      sockets.delete(tcp);
      leave();
      over();
    });
    // A stranger's failed handshake is nobody's error here.
    accept(tcp).then(over, () => tcp.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new PosternError("unavailable", `can not listen on ${addressText(listen.host, listen.port)}`, { cause }));
    });
    server.listen(listen, () => resolve());
  });
  const bound = server.address();
  const closed = new Promise<void>((resolve) => {
    server.on("close", () => resolve());
  });
  return {
    address: typeof bound === "object" && bound !== null ? addressText(bound.address, bound.port) : String(bound),
    close() {
      server.close();
      for (const tcp of handshakes) tcp.destroy();
      return closed;
    },
    destroy() {
      for (const tcp of sockets) tcp.destroy();
    },
  };
}

/** Counts connections by client; undefined for one too many, else how to take it back. */
export function createClientCount(most: number): (address: string | undefined) => (() => void) | undefined {
  const counts = new Map<string, number>();
  return (address) => {
    const key = clientKey(address ?? "");
    const before = counts.get(key) ?? 0;
    if (before >= most) return undefined;
    counts.set(key, before + 1);
    return () => {
      const left = counts.get(key)! - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    };
  };
}

/** Resolves when the work is done or the time is over, whichever comes first. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
