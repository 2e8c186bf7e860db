import type { Socket } from "node:net";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import { established } from "../tcp.js";
import { socketBufferBytes } from "./channel.js";

/** The server's side of a TLS handshake, on a socket from which something may have been read already. */
export async function acceptTls(tcp: Socket, options: TLSSocketOptions): Promise<TLSSocket> {
  const withBuffer: TLSSocketOptions & { highWaterMark: number } = {
    ...options,
    isServer: true,
    highWaterMark: socketBufferBytes,
  };
  const socket = new TLSSocket(tcp, withBuffer);
  // Sockets that no tls.Server has made keep errors after the handshake (a forged record) to themselves.
  socket.on("_tlsError", (error: Error) => socket.destroy(error));
  await established(socket, "secure");
  return socket;
}
