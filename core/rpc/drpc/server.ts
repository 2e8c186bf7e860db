import type { Socket } from "node:net";
import { equalBytes } from "../../bytes/bytes.js";
import { PosternError } from "../../errors.js";
import { verifyChain } from "../../identity/chain.js";
import type { Identity } from "../../identity/identity.js";
import { nodeSecureContext, peerChainOf } from "../../identity/tls.js";
import type { RunningServer } from "../transport.js";
import { acceptTls } from "./accept-tls.js";
import { readFirstBytes } from "./first-bytes.js";
import { drpcHeader } from "./header.js";
import { type DrpcListenOptions, listenDrpc } from "./listener.js";

export interface ServeDrpcOptions extends DrpcListenOptions {
  identity: Identity;
}

/**
 * Serves DRPC as satellites and storage nodes do: the header in clear, then TLS in which both sides show identities
 * (storj/storj private/server). Connections with any other header, Noise included, are closed.
 */
export function serveDrpc(options: ServeDrpcOptions): Promise<RunningServer> {
  const secureContext = nodeSecureContext(options.identity);
  return listenDrpc(options, async (tcp) => {
    await readHeader(tcp);
    // Takes over what came together with the header.
    const socket = await acceptTls(tcp, { secureContext, requestCert: true, rejectUnauthorized: false });
    const peerChain = peerChainOf(socket);
    verifyChain(peerChain);
    return { socket, peerChain };
  });
}

/** Reads exactly the header and leaves the rest in the socket. */
async function readHeader(socket: Socket): Promise<void> {
  const header = await readFirstBytes(socket, drpcHeader.length, "header");
  if (!equalBytes(header, drpcHeader)) throw new PosternError("protocol-error", "unknown connection header");
}
