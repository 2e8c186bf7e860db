import { type ConnectionOptions, connect } from "node:tls";
import { equalBytes } from "../../bytes/bytes.js";
import { PosternError } from "../../errors.js";
import { verifyChain } from "../../identity/chain.js";
import type { Identity } from "../../identity/identity.js";
import { nodeSecureContext, nodeVerification, peerChainOf } from "../../identity/tls.js";
import { dialSocket, established } from "../tcp.js";
import type { Transport } from "../transport.js";
import { socketBufferBytes, socketChannel } from "./channel.js";
import { createClientConnection, type DrpcConnectionOptions } from "./client-connection.js";
import { drpcHeader } from "./header.js";

export interface DrpcTransportOptions extends DrpcConnectionOptions {
  /** Shown to peers: satellites and nodes demand one, of any node id. */
  identity: Identity;
}

/**
 * DRPC as satellites and storage nodes speak it: the header in clear, mutual TLS with node identities, then frames.
 * Dialling rejects with `unauthenticated` for a peer that can not prove its node id, `unavailable` for one that can
 * not be reached (storj/common rpc/connector.go, peertls/tlsopts/tls.go).
 */
export function createDrpcTransport(options: DrpcTransportOptions): Transport {
  const secureContext = nodeSecureContext(options.identity);
  return {
    name: "drpc",
    callsPerConnection: 1,
    async dial({ address, nodeId }, dialOptions = {}) {
      if (nodeId === undefined) throw new PosternError("invalid-argument", `no node id for ${address}`);
      let peerChain: readonly Uint8Array[] = [];
      const socket = await dialSocket(address, dialOptions, async (tcp) => {
        tcp.write(drpcHeader);
        const tls = connect({
          socket: tcp,
          secureContext,
          ...nodeVerification,
          highWaterMark: socketBufferBytes,
        } as ConnectionOptions);
        await established(tls, "secureConnect");
        peerChain = peerChainOf(tls);
        if (!equalBytes(verifyChain(peerChain).nodeId, nodeId)) {
          // storj/common peertls/tlsopts/tls.go verifyIdentity.
          throw new PosternError("unauthenticated", "peer ID did not match requested ID");
        }
        return tls;
      });
      return createClientConnection((events) => socketChannel(socket, events), peerChain, options);
    },
  };
}
