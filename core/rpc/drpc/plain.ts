import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";
import { PosternError } from "../../errors.js";
import { dialSocket, established } from "../tcp.js";
import type { RunningServer, Transport } from "../transport.js";
import { asWebTls, type TlsSource } from "../web-tls.js";
import { acceptTls } from "./accept-tls.js";
import { socketBufferBytes, socketChannel } from "./channel.js";
import { createClientConnection, type DrpcConnectionOptions } from "./client-connection.js";
import { readFirstBytes } from "./first-bytes.js";
import { Kind } from "./frame.js";
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
  /** Certificates for web TLS; in clear when absent. */
  tls?: TlsSource;
}

/** Serves DRPC without node identities and without header. */
export function servePlainDrpc(options: ServePlainDrpcOptions): Promise<RunningServer> {
  const tls = options.tls && asWebTls(options.tls);
  return listenDrpc(options, async (tcp) => {
    const secured =
      tls &&
      (await acceptTls(tcp, {
        secureContext: tls.contextFor(undefined),
        SNICallback: (name, done) => done(null, tls.contextFor(name)),
      }));
    const socket = secured ?? tcp;
    await firstFrame(socket);
    return { socket, peerChain: undefined };
  });
}

/** The first byte of every TLS connection: a record of a handshake (RFC 8446 section 5.1). */
const tlsHandshake = 0x16;
/** "fatal: handshake_failure", so that a TLS client can tell why. */
const tlsAlert = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 40);

/**
 * Waits for the first byte, and leaves it in the socket. Frames of a call begin in two ways; whoever speaks TLS, HTTP or
 * nothing at all would be waited for until the connection is idle for too long.
 */
async function firstFrame(socket: Socket): Promise<void> {
  const first = await readFirstBytes(socket, 1, "first call");
  const control = first[0]!;
  const kind = (control >> 1) & 0x3f;
  if (kind === Kind.Invoke || kind === Kind.InvokeMetadata || (control & 0x80) !== 0) {
    socket.unshift(first);
    return;
  }
  if (control === tlsHandshake) socket.write(tlsAlert);
  throw new PosternError("protocol-error", "the peer does not speak DRPC");
}
