import { isIP } from "node:net";
import { type ConnectionOptions, connect, createSecureContext } from "node:tls";
import { dialSocket, established } from "../tcp.js";
import type { RunningServer, Transport } from "../transport.js";
import { acceptTls } from "./accept-tls.js";
import { socketBufferBytes, socketChannel } from "./channel.js";
import { createClientConnection, type DrpcConnectionOptions } from "./client-connection.js";
import { type DrpcListenOptions, listenDrpc } from "./listener.js";

export interface PlainDrpcTransportOptions extends DrpcConnectionOptions {
  /**
   * Ordinary web TLS, the server's name checked against the system's roots or these PEM certificates. False or absent:
   * frames from the first byte, in clear.
   */
  tls?: boolean | { ca: string | Buffer };
}

/**
 * DRPC without node identities and without header, as the auth service speaks it (storj/common rpc/dial.go
 * DialAddressHostnameVerification and DialAddressUnencrypted). Node ids of targets are ignored.
 */
export function createPlainDrpcTransport(options: PlainDrpcTransportOptions = {}): Transport {
  const { tls = false } = options;
  return {
    name: tls ? "drpc-web-tls" : "drpc-plain",
    callsPerConnection: 1,
    async dial({ address }, dialOptions = {}) {
      const socket = await dialSocket(address, dialOptions, async (tcp, host) => {
        if (!tls) return tcp;
        const connectOptions: ConnectionOptions & { highWaterMark: number } = {
          socket: tcp,
          ...(typeof tls === "object" ? { ca: tls.ca } : {}),
          ...(isIP(host) ? { host } : { servername: host }),
          minVersion: "TLSv1.2",
          highWaterMark: socketBufferBytes,
        };
        const secured = connect(connectOptions);
        await established(secured, "secureConnect");
        return secured;
      });
      return createClientConnection((events) => socketChannel(socket, events), undefined, options);
    },
  };
}

export interface ServePlainDrpcOptions extends DrpcListenOptions {
  /** Certificate chain and key (PEM) for web TLS; in clear when absent. */
  tls?: { cert: string | Buffer; key: string | Buffer };
}

/** Serves DRPC without node identities and without header. */
export function servePlainDrpc(options: ServePlainDrpcOptions): Promise<RunningServer> {
  const secureContext = options.tls && createSecureContext({ ...options.tls, minVersion: "TLSv1.2" });
  return listenDrpc(options, async (tcp) => {
    const socket = secureContext === undefined ? tcp : await acceptTls(tcp, { secureContext });
    return { socket, peerChain: undefined };
  });
}
