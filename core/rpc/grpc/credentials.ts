import type { Socket } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import { equalBytes } from "../../bytes/bytes.js";
import { PosternError, toPosternError } from "../../errors.js";
import { verifyChain } from "../../identity/chain.js";
import type { Identity } from "../../identity/identity.js";
import { nodeSecureContext, nodeVerification, peerChainOf } from "../../identity/tls.js";
import { established } from "../tcp.js";

type SecureConnector = ReturnType<ChannelCredentials["_createSecureConnector"]>;
type CallCredentials = ReturnType<SecureConnector["getCallCredentials"]>;

/** How a dial went: what gRPC itself keeps to itself. */
export interface NodeHandshake {
  peerChain: readonly Uint8Array[] | undefined;
  error: PosternError | undefined;
}

/** Makes channel credentials for one peer: mutual TLS with node identities, and the peer's node id pinned. */
export function nodeCredentials(
  identity: Identity,
): (nodeId: Uint8Array, handshake: NodeHandshake) => ChannelCredentials {
  const secureContext = nodeSecureContext(identity);
  return (nodeId, handshake) => new NodeChannelCredentials({ secureContext, ALPNProtocols: ["h2"] }, nodeId, handshake);
}

/** gRPC's own credentials check names and roots, and have no place for a check of the whole chain. */
class NodeChannelCredentials extends ChannelCredentials {
  constructor(
    private readonly options: ConnectionOptions,
    private readonly nodeId: Uint8Array,
    private readonly handshake: NodeHandshake,
  ) {
    super();
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials: CallCredentials = noCallCredentials(),
  ): SecureConnector {
    return {
      connect: (tcp) => this.secure(tcp),
      waitForReady: async () => {},
      getCallCredentials: () => callCredentials,
      destroy: () => {},
    };
  }

  private async secure(tcp: Socket): Promise<{ socket: Socket; secure: boolean }> {
    try {
      const socket = connect({ ...this.options, ...nodeVerification, socket: tcp });
      await established(socket, "secureConnect");
      const chain = peerChainOf(socket);
      if (!equalBytes(verifyChain(chain).nodeId, this.nodeId)) {
        throw new PosternError("unauthenticated", "peer ID did not match requested ID");
      }
      this.handshake.peerChain = chain;
      return { socket, secure: true };
    } catch (error) {
      tcp.destroy();
      this.handshake.error = toPosternError(error, "unavailable");
      throw error;
    }
  }
}

function noCallCredentials(): CallCredentials {
  return ChannelCredentials.createInsecure()._createSecureConnector({ path: "" }, {}).getCallCredentials();
}
