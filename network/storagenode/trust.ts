import type { KeyObject } from "node:crypto";
import { toHex } from "../../core/bytes/bytes.js";
import { PosternError } from "../../core/errors.js";
import { verifyChain } from "../../core/identity/chain.js";
import { type NodeId, sameNode } from "../../core/identity/node-id.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { Transport } from "../../core/rpc/transport.js";

/** A satellite whose order limits a node honours. */
export interface TrustedSatellite {
  readonly id: NodeId;
  /** "host:port". */
  readonly address: string;
  /** Its certificates (DER; leaf, CA, rest), if they are known already. Else the node dials and asks. */
  readonly chain?: readonly Uint8Array[];
}

export interface Trust {
  readonly satellites: readonly TrustedSatellite[];
  find(id: NodeId): TrustedSatellite | undefined;
  /** Key that the satellite signs with. Rejects when it can not be reached or proves to be another. */
  leafKey(satellite: TrustedSatellite): Promise<KeyObject>;
}

/**
 * Signatures name the satellite's id, which is its CA's, but are made by its leaf: the leaf is learned from a
 * connection to the satellite and kept (storj/storj storagenode/trust/service.go GetSignee).
 */
export function createTrust(satellites: readonly TrustedSatellite[], transport: Transport): Trust {
  const byId = new Map(satellites.map((satellite) => [keyOf(satellite.id), satellite]));
  const keys = new Map<TrustedSatellite, Promise<KeyObject>>();

  async function learn(satellite: TrustedSatellite): Promise<KeyObject> {
    const chain = satellite.chain ?? (await dialForChain(satellite));
    const { nodeId, leafKey } = verifyChain(chain);
    if (!sameNode(nodeId, satellite.id)) throw new PosternError("unauthenticated", "the satellite is another one");
    return leafKey;
  }

  async function dialForChain({ id, address }: TrustedSatellite): Promise<readonly Uint8Array[]> {
    const connection = await transport.dial({ address, nodeId: id });
    try {
      if (connection.peerChain === undefined)
        throw new PosternError("unavailable", "the satellite has no certificates");
      return connection.peerChain;
    } finally {
      await connection.close();
    }
  }

  return {
    satellites,
    find: (id) => byId.get(keyOf(id)),
    leafKey(satellite) {
      let key = keys.get(satellite);
      if (key === undefined) {
        key = learn(satellite);
        keys.set(satellite, key);
        key.catch(() => keys.delete(satellite));
      }
      return key;
    },
  };
}

/** The satellite that calls. Throws status 7 with the text for everyone else, and status 16 for a caller of no identity. */
export function callingSatellite(
  trust: Trust,
  peerChain: readonly Uint8Array[] | undefined,
  refusal: string,
): TrustedSatellite {
  if (peerChain === undefined) throw rpcError(RpcStatus.Unauthenticated, "missing peer identity");
  const satellite = trust.find(verifyChain(peerChain).nodeId);
  if (satellite === undefined) throw rpcError(RpcStatus.PermissionDenied, refusal);
  return satellite;
}

function keyOf(id: NodeId): string {
  // Without the version byte, which is not part of who a node is.
  return toHex(id.subarray(0, -1));
}
