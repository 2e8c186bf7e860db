import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { concatBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";

/** Ed25519 key pair that a satellite makes for one upload or download; the uplink signs orders and hashes with it. */
export interface PieceKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes in Go's form: seed, public key. */
  readonly privateKey: Uint8Array;
}

/** A fresh pair (storj/common storj/piecekey.go NewPieceKey). */
export function newPieceKey(): PieceKey {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const publicKey = new Uint8Array(Buffer.from(jwk.x!, "base64url"));
  return { publicKey, privateKey: concatBytes(Buffer.from(jwk.d!, "base64url"), publicKey) };
}

/** Deterministic signature over the bytes themselves (64 bytes). `invalid-argument` unless the key has 64 bytes. */
export function signWithPieceKey(data: Uint8Array, privateKey: Uint8Array): Uint8Array {
  return sign(null, data, privateKeyObject(privateKey));
}

export function verifyWithPieceKey(data: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = publicKeyObject(publicKey);
  return key !== undefined && verify(null, data, key, signature);
}

/**
 * Private keys live as long as the bytes their caller holds. Conversion costs half a signature, and a segment's key
 * signs hundreds of times.
 */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const known = privateKeys.get(privateKey);
  if (known !== undefined) return known;
  if (privateKey.length !== 64) throw new PosternError("invalid-argument", "a piece private key has 64 bytes");
  // JSON Web Key, because that path of OpenSSL is ten times faster than its DER decoders.
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    d: base64Url(privateKey.subarray(0, 32)),
    x: base64Url(privateKey.subarray(32)),
  };
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  privateKeys.set(privateKey, key);
  return key;
}

const publicKeyCacheSize = 256;
/** By content: the pieces of one segment bring the same key to every node of a process. Oldest first. */
const publicKeys = new Map<string, KeyObject>();

function publicKeyObject(publicKey: Uint8Array): KeyObject | undefined {
  const x = base64Url(publicKey);
  const known = publicKeys.get(x);
  if (known !== undefined) return known;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  } catch {
    return undefined;
  }
  if (publicKeys.size >= publicKeyCacheSize) publicKeys.delete(publicKeys.keys().next().value!);
  publicKeys.set(x, key);
  return key;
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}
