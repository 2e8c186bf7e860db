import { randomBytes } from "node:crypto";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import type { Identity } from "../../../core/identity/identity.js";
import { derivePieceId } from "../../../core/identity/piece-id.js";
import { newPieceKey } from "../../../core/identity/piece-key.js";
import { newSerialNumber } from "../../../core/identity/serial-number.js";
import { signOrderLimit } from "../../../core/identity/signing.js";
import type { Timestamp } from "../../../proto/gen/google/protobuf/timestamp.js";
import type { AddressedOrderLimit } from "../../../proto/gen/metainfo.js";
import { type OrderLimit, PieceAction } from "../../../proto/gen/orders.js";
import type { NodeRecord } from "../data/nodes.js";

const none = new Uint8Array(0);

/** Limits of one upload or download of a segment; they share a serial number and a key pair. */
export interface OrderSigner {
  readonly rootPieceId: Uint8Array;
  /** 64 bytes: what the uplink signs its orders with. */
  readonly privateKey: Uint8Array;
  /** The signed limit for one node, to be piece `number`. */
  limitFor(node: NodeRecord, number: number): AddressedOrderLimit;
}

export interface OrderSignerInit {
  readonly action: PieceAction;
  /** Bytes that may be transferred to or from each node. */
  readonly limit: number;
  readonly nowMs: number;
  readonly expirationMs: number;
  /** A fresh random one when absent, for an upload. */
  readonly rootPieceId?: Uint8Array;
  /** Sealed, for whose traffic it is; absent for the satellite's own. */
  readonly metadata?: { readonly encryptedMetadataKeyId: Uint8Array; readonly encryptedMetadata: Uint8Array };
  /** When nodes may drop the piece. */
  readonly pieceExpiration?: Timestamp | undefined;
}

/** storj/storj satellite/orders/signer.go. */
export function createOrderSigner(satellite: Identity, init: OrderSignerInit): OrderSigner {
  const expiration = init.nowMs + init.expirationMs;
  const rootPieceId = init.rootPieceId ?? randomBytes(32);
  const { publicKey, privateKey } = newPieceKey();
  const common: OrderLimit = {
    serialNumber: newSerialNumber(expiration),
    satelliteId: satellite.nodeId,
    deprecatedUplinkId: none,
    storageNodeId: none,
    pieceId: none,
    limit: init.limit,
    action: init.action,
    pieceExpiration: init.pieceExpiration,
    orderExpiration: timestampOfMillis(expiration),
    satelliteSignature: none,
    deprecatedSatelliteAddress: undefined,
    orderCreation: timestampOfMillis(init.nowMs),
    uplinkPublicKey: publicKey,
    encryptedMetadataKeyId: init.metadata?.encryptedMetadataKeyId ?? none,
    encryptedMetadata: init.metadata?.encryptedMetadata ?? none,
  };
  return {
    rootPieceId,
    privateKey,
    limitFor: (node, number) => addressedLimit(satellite, common, rootPieceId, node, number),
  };
}

/** `common` for another node, with everything else as it is: what a retry of a failed piece gets. */
export function addressedLimit(
  satellite: Identity,
  common: OrderLimit,
  rootPieceId: Uint8Array,
  node: NodeRecord,
  number: number,
): AddressedOrderLimit {
  const pieceId = derivePieceId(rootPieceId, node.id, number);
  return {
    limit: signOrderLimit({ ...common, storageNodeId: node.id, pieceId }, satellite),
    storageNodeAddress: {
      address: node.address,
      noiseInfo: undefined,
      debounceLimit: node.debounceLimit,
      features: node.features,
    },
    tags: {},
  };
}

export const uploadAction = PieceAction.PUT;
export const downloadAction = PieceAction.GET;
