import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { isIPv6, type Socket } from "node:net";
import { asWebTls, createClientCount, followTls, serverOptions, type TlsSource } from "../../core/index.js";
import { markContinue } from "./body.js";
import { createGate } from "./gate.js";
import { createMalformed, hasSeveralHosts, type MalformedReply } from "./malformed.js";

export interface ListenOptions {
  /** Address to listen on. */
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** A certificate, or those of `openCertificates`, which follow their files; plain HTTP when absent. */
  readonly tls?: TlsSource;
  /** Connections at a time; more are closed at once. 1 000 when absent. */
  readonly maxConnections?: number;
  /** Of them those of one client's address; as many as there are in all when absent. */
  readonly maxConnectionsPerClient?: number;
  /** Request line and headers together, in bytes; more is answered 431. 16 384 when absent. */
  readonly maxHeaderBytes?: number;
  /** Time for the request line and headers to arrive, in ms. 10 000 when absent. */
  readonly headersTimeoutMs?: number;
  /** Time an idle connection is kept for the next request, in ms. 65 000 when absent. */
  readonly keepAliveMs?: number;
  /** Bytes a connection reads ahead or keeps to be written. 65 536 when absent. */
  readonly highWaterMark?: number;
  /** Body of the reply to what is not HTTP, by status (400, 408, 431). */
  readonly malformedReply?: MalformedReply;
}

export interface Listening {
  /** Base URL: "http://127.0.0.1:9000". */
  readonly url: string;
  /** True once `stop` was called. */
  readonly stopping: boolean;
  /** Takes no new connections, lets running requests end for `graceMs`, then cuts them. */
  stop(graceMs: number): Promise<void>;
}

type CompleteOptions = ListenOptions & typeof defaults;

const defaults = {
  maxConnections: 1_000,
  maxHeaderBytes: 16_384,
  headersTimeoutMs: 10_000,
  keepAliveMs: 65_000,
  highWaterMark: 65_536,
};

/**
 * Listens for HTTP/1.1. There is no limit on a request's whole time (a 5 GiB body may take hours): `readBody` bounds
 * how long a client may keep us waiting. A request with "Expect: 100-continue" reaches the handler like any other, and
 * is told to go on when its body is first read.
 */
export async function listen(handler: RequestListener, given: ListenOptions): Promise<Listening> {
  const options = { ...defaults, ...given };
  const settings = {
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: options.keepAliveMs,
    connectionsCheckingInterval: Math.min(options.headersTimeoutMs, 5_000),
    highWaterMark: options.highWaterMark,
    noDelay: true,
  };
  const server = options.tls ? secureServer(settings, options.tls) : createServer(settings);
  limitConnections(server, options);

  const malformed = createMalformed(options.malformedReply);

  let stopping = false;
  const follow = (req: IncomingMessage, res: ServerResponse): void => {
    malformed.follow(req, res);
    if (stopping) res.shouldKeepAlive = false;
    // A connection that becomes idle after `stop` is closed at once, not after its keep-alive time.
    res.once("close", () => {
      if (stopping) setImmediate(() => server.closeIdleConnections());
    });
  };
  // Thrown into Node's HTTP parser, an exception would spoil the connection for requests that come after it.
  const run: RequestListener = (req, res) => {
    if (hasSeveralHosts(req)) {
      malformed.refuse(res);
      return;
    }
    try {
      handler(req, res);
    } catch (error) {
      req.socket.destroy();
      process.nextTick(() => {
        throw error;
      });
    }
  };
  server.on("request", (req, res) => {
    follow(req, res);
    run(req, res);
  });
  server.on("checkContinue", (req, res) => {
    follow(req, res);
    markContinue(req);
    run(req, res);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => malformed.reject(error, socket));

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const host = isIPv6(options.host) ? `[${options.host}]` : options.host;
  let stopped: Promise<void> | undefined;
  return {
    url: `${options.tls ? "https" : "http"}://${host}:${port}`,
    get stopping() {
      return stopping;
    },
    stop(graceMs) {
      stopping = true;
      stopped ??= closeServer(server, graceMs);
      return stopped;
    },
  };
}

/**
 * Before all other listeners, which must not see connections that are refused. Not by `server.maxConnections`: of several
 * processes one gives a connection to the next then, and round it goes for as long as all of them have as many as they may.
 */
function limitConnections(server: Server, { maxConnections, maxConnectionsPerClient }: CompleteOptions): void {
  const count = createClientCount(maxConnectionsPerClient ?? maxConnections);
  const all = createGate(maxConnections);
  const others = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const leaveAll = all.enter();
    const leave = leaveAll && count(socket.remoteAddress);
    if (leave === undefined) {
      leaveAll?.();
      socket.destroy();
      return;
    }
    socket.once("close", () => {
      leave();
      leaveAll!();
    });
    for (const listener of others) listener.call(server, socket);
  });
}

/** Who does not end the handshake in the time that headers have is no client. */
function secureServer(settings: ServerOptions & { headersTimeout: number }, source: TlsSource): Server {
  const tls = asWebTls(source);
  const server = createTlsServer({ ...settings, ...serverOptions(tls), handshakeTimeout: settings.headersTimeout });
  followTls(server, tls);
  return server;
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
