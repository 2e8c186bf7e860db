import { createHash } from "node:crypto";
import { decodeBase58Check, encodeBase58Check } from "../bytes/base58check.js";
import { equalBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";

/** 32 bytes: double SHA-256 of the CA's public key, the last byte replaced by the identity version. */
export type NodeId = Uint8Array;

export const nodeIdSize = 32;

/** The only identity version there is (storj/common storj/identity_version.go). */
const latestVersion = 0;

/**
 * Node id of a CA's public key (DER SubjectPublicKeyInfo). `protocol-error` for an unknown version.
 * Source: storj/common identity/identity.go, storj/node.go.
 */
export function nodeIdOfCaKey(spki: Uint8Array, version = 0): NodeId {
  if (version > latestVersion) throw new PosternError("protocol-error", "unknown identity version");
  const id = new Uint8Array(sha256(sha256(spki)));
  id[nodeIdSize - 1] = version;
  return id;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** Base58check text. The version travels as base58check version and not in the payload. */
export function nodeIdText(id: NodeId): string {
  if (id.length !== nodeIdSize) throw new PosternError("invalid-argument", "a node id has 32 bytes");
  const payload = Uint8Array.from(id);
  payload[nodeIdSize - 1] = 0;
  return encodeBase58Check(payload, latestVersion);
}

/**
 * Reads the text form. `invalid-argument` when it is none. An unknown version counts as version 0, and the payload's
 * last byte is overwritten by the version, as Go does.
 */
export function parseNodeId(text: string): NodeId {
  const { payload } = decodeBase58Check(text);
  if (payload.length !== nodeIdSize) throw new PosternError("invalid-argument", "a node id has 32 bytes");
  const id = Uint8Array.from(payload);
  id[nodeIdSize - 1] = latestVersion;
  return id;
}

/** Ids that differ in the version byte only are the same node: Go compares the text forms. */
export function sameNode(a: NodeId, b: NodeId): boolean {
  return equalBytes(a.subarray(0, nodeIdSize - 1), b.subarray(0, nodeIdSize - 1)) && a.length === b.length;
}

/** True for 32 zero bytes and for no bytes: what Go takes for an unset id. */
export function isZeroNodeId(id: Uint8Array): boolean {
  return id.every((byte) => byte === 0);
}

/**
 * Trailing zero bits, the version byte counted as eight: never less than 8, and each bit above is twice the work.
 * `invalid-argument` for a zero id, which has no difficulty. Source: storj/common storj/node.go Difficulty.
 */
export function difficultyOf(id: NodeId): number {
  for (let i = nodeIdSize - 2; i >= 0; i--) {
    const byte = id[i]!;
    if (byte !== 0) return (nodeIdSize - 1 - i) * 8 + (31 - Math.clz32(byte & -byte));
  }
  throw new PosternError("invalid-argument", "a zero node id has no difficulty");
}
