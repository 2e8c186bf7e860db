import type { KeyObject } from "node:crypto";
import { fromHex } from "../../../core/bytes/bytes.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { readVectors } from "../../helpers/vectors.js";

export interface VectorTime {
  seconds: number;
  nanos: number;
}

export interface IdentityVectors {
  identityVersionExtensionOid: string;
  identities: {
    nodeId: string;
    nodeIdBytes: string;
    difficulty: number;
    caCertPem: string;
    caKeyPem: string;
    identityChainPem: string;
    identityKeyPem: string;
    leafDer: string;
    caDer: string;
    caPublicKeyPkix: string;
    leafPublicKeyPkix: string;
  }[];
  chains: { why: string; chainDer: string[]; chainValid: boolean; nodeId: string }[];
  pieceKey: { seed: string; privateKey: string; publicKey: string };
  orderLimits: {
    why: string;
    fields: {
      serialNumber: string;
      satelliteId: string;
      storageNodeId: string;
      pieceId: string;
      limit: string;
      action: number;
      pieceExpiration: VectorTime | null;
      orderExpiration: VectorTime | null;
      orderCreation: VectorTime | null;
      uplinkPublicKey: string;
      encryptedMetadataKeyId: string;
      encryptedMetadata: string;
      unrecognized: string;
    };
    signingBytes: string;
    signingBytesAfterWireRoundTrip: string;
    verifiesAfterWireRoundTrip: boolean;
    message: string;
    signature: string;
    signerNodeId: string;
  }[];
  orderLimitsVerify: { why: string; message: string; signerNodeId: string; valid: boolean }[];
  orders: { amount: string | number; serialNumber: string; signingBytes: string; signature: string; message: string }[];
  ordersVerify: { why: string; message: string; publicKey: string; valid: boolean }[];
  pieceHashes: {
    why: string;
    fields: {
      pieceId: string;
      hash: string;
      hashAlgorithm: number;
      pieceSize: string | number;
      timestamp: VectorTime | null;
    };
    nodeId: string;
    signingBytes: string;
    uplinkSignature: string;
    nodeSignature: string;
    uplinkMessage: string;
    nodeMessage: string;
  }[];
  pieceHashesVerify: {
    why: string;
    nodeId: string;
    nodeMessage: string;
    nodeValid: boolean;
    uplinkMessage: string;
    uplinkValid: boolean;
  }[];
  rsaSignature: { data: string; publicKeyPkix: string; signature: string };
  derivedPieceIds: {
    rootPieceId: string;
    rootPieceIdText: string;
    nodeId: string;
    pieceNumber: number;
    pieceId: string;
    pieceIdText: string;
  }[];
  nodeUrls: {
    text: string;
    error: string | null;
    idBytes: string;
    address: string;
    string: string;
    noiseProto: number;
    debounceLimit: number;
    features: string;
  }[];
  nodeUrlNoise: {
    text: string;
    address: string;
    idBytes: string;
    noiseProto: number;
    noisePublicKey: string;
    debounceLimit: number;
    features: string;
  };
  knownNodeIds: { address: string; known: boolean; nodeId?: string }[];
}

export const vectors = readVectors<IdentityVectors>("identity");

/** Leaf key of one of the vectors' identities. */
export function leafKeyOf(nodeId: string): KeyObject {
  const identity = vectors.identities.find((one) => one.nodeId === nodeId)!;
  return verifyChain([fromHex(identity.leafDer), fromHex(identity.caDer)]).leafKey;
}
