import { createHmac } from "node:crypto";
import { concatBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";
import { decrypt, decryptionFailed, encrypt } from "./cipher.js";
import { CipherSuite, nonceSize } from "./cipher-suite.js";
import { deriveKey, derivePathComponentKey } from "./derive.js";
import type { EncryptionStore, PathBase } from "./encryption-store.js";
import { usedNonceSize, zeroNonce } from "./nonce.js";
import {
  decodeSegment,
  encodeSegment,
  endsWithSlash,
  joinBelow,
  joinPath,
  splitPath,
  withoutTrailingSlash,
} from "./path-components.js";

/**
 * Encrypts an object key. `permission-denied` when the store has no key for it, as in uplink.
 * Prefixes to list or to share are not object keys: see `encryptPrefix` and `prefixInfo`.
 */
export function encryptPath(store: EncryptionStore, bucket: Uint8Array, path: Uint8Array): Uint8Array {
  if (path.length === 0) return path;
  const base = requireBase(store.lookupUnencrypted(bucket, path));
  return joinBelow(base.encryptedPath, encryptComponents(base.remaining, base.pathCipher, base.key));
}

/** As `encryptPath`, but one slash at the end stays a slash (storj/common EncryptPrefixWithStoreCipher). */
export function encryptPrefix(store: EncryptionStore, bucket: Uint8Array, prefix: Uint8Array): Uint8Array {
  const encrypted = encryptPath(store, bucket, withoutTrailingSlash(prefix));
  return endsWithSlash(prefix) ? concatBytes(encrypted, Uint8Array.of(0x2f)) : encrypted;
}

/** Inverse of `encryptPath`; `decryption-failed` for another key. An empty encrypted component is an empty one. */
export function decryptPath(store: EncryptionStore, bucket: Uint8Array, encrypted: Uint8Array): Uint8Array {
  if (encrypted.length === 0) return encrypted;
  const base = requireBase(store.lookupEncrypted(bucket, encrypted));
  return joinBelow(base.unencryptedPath, decryptComponents(base.remaining, base.pathCipher, base.key));
}

/** Encrypts a path relative to the place that the key belongs to. */
export function encryptPathRaw(path: Uint8Array, cipher: CipherSuite, key: Uint8Array): Uint8Array {
  return joinPath(encryptComponents(splitPath(path), cipher, key));
}

/** Inverse of `encryptPathRaw`; for the keys of list items, which are relative to the prefix. */
export function decryptPathRaw(encrypted: Uint8Array, cipher: CipherSuite, key: Uint8Array): Uint8Array {
  return joinPath(decryptComponents(splitPath(encrypted), cipher, key));
}

/** Key of a path, from which those below it derive; of the bucket for the empty path. */
export function derivePathKey(store: EncryptionStore, bucket: Uint8Array, path: Uint8Array): Uint8Array {
  const base = requireBase(store.lookupUnencrypted(bucket, path));
  return base.remaining.reduce<Uint8Array>(derivePathComponentKey, base.key);
}

/** The key that wraps the content and metadata keys of an object. */
export function deriveContentKey(store: EncryptionStore, bucket: Uint8Array, path: Uint8Array): Uint8Array {
  return deriveKey(derivePathKey(store, bucket, path), "content");
}

/** A path and its parent, plain and encrypted, each with its key. */
export interface PrefixInfo {
  readonly bucket: Uint8Array;
  readonly cipher: CipherSuite;
  readonly pathUnenc: Uint8Array;
  readonly pathEnc: Uint8Array;
  readonly pathKey: Uint8Array;
  readonly parentUnenc: Uint8Array;
  /** The prefix to list by: without a slash at the end. */
  readonly parentEnc: Uint8Array;
  /** Cursors and the keys of listed items are encrypted relative to this key. */
  readonly parentKey: Uint8Array;
}

/**
 * What listing needs of a prefix: for "photos/" (whose last component is empty) the parent is "photos" (storj/common
 * encryption/prefix.go GetPrefixInfo). `permission-denied` without a key for the parent.
 */
export function prefixInfo(store: EncryptionStore, bucket: Uint8Array, prefix: Uint8Array): PrefixInfo {
  const base = requireBase(store.lookupUnencrypted(bucket, prefix));
  const { pathCipher: cipher, remaining } = base;
  if (prefix.length > 0 && remaining.length === 0) throw missingBase();

  const encrypted = encryptComponents(remaining, cipher, base.key);
  const parentKey = remaining.slice(0, -1).reduce<Uint8Array>(derivePathComponentKey, base.key);
  const last = remaining.at(-1);
  return {
    bucket,
    cipher,
    pathUnenc: joinBelow(base.unencryptedPath, remaining),
    pathEnc: joinBelow(base.encryptedPath, encrypted),
    pathKey: last === undefined ? parentKey : derivePathComponentKey(parentKey, last),
    parentUnenc: joinBelow(base.unencryptedPath, remaining.slice(0, -1)),
    parentEnc: joinBelow(base.encryptedPath, encrypted.slice(0, -1)),
    parentKey,
  };
}

function requireBase(base: PathBase | undefined): PathBase {
  if (base === undefined) throw missingBase();
  return base;
}

function missingBase(): PosternError {
  return new PosternError("permission-denied", "the access grant has no encryption key for this path");
}

function encryptComponents(components: readonly Uint8Array[], cipher: CipherSuite, key: Uint8Array): Uint8Array[] {
  let current = key;
  return components.map((component) => {
    // The nonce comes from the component's own key, so equal components below one key encrypt alike.
    const derived = derivePathComponentKey(current, component);
    const encrypted = encryptComponent(component, cipher, current, derived);
    current = derived;
    return encrypted;
  });
}

function encryptComponent(component: Uint8Array, cipher: CipherSuite, key: Uint8Array, derived: Uint8Array) {
  if (cipher === CipherSuite.Null) return component;
  if (cipher === CipherSuite.NullBase64Url) return fromBase64Url(component);
  const nonce = new Uint8Array(createHmac("sha512", derived).update("nonce").digest().subarray(0, nonceSize));
  return encodeSegment(concatBytes(nonce.subarray(0, usedNonceSize(cipher)), encrypt(component, cipher, key, nonce)));
}

function decryptComponents(components: readonly Uint8Array[], cipher: CipherSuite, key: Uint8Array): Uint8Array[] {
  let current = key;
  return components.map((component, index) => {
    const plain = decryptComponent(component, cipher, current);
    if (index + 1 < components.length) current = derivePathComponentKey(current, plain);
    return plain;
  });
}

function decryptComponent(component: Uint8Array, cipher: CipherSuite, key: Uint8Array): Uint8Array {
  // Prefixes in listings end with a slash: their last component was never encrypted.
  if (component.length === 0 || cipher === CipherSuite.Null) return component;
  if (cipher === CipherSuite.NullBase64Url) return toBase64Url(component);
  const data = decodeSegment(component);
  const size = usedNonceSize(cipher);
  if (data.length < size) throw decryptionFailed(undefined, "encrypted path component without a nonce");
  const nonce = zeroNonce();
  nonce.set(data.subarray(0, size));
  return decrypt(data.subarray(size), cipher, key, nonce);
}

/** Go's base64.URLEncoding: padding is needed, line ends are ignored. */
function fromBase64Url(component: Uint8Array): Uint8Array {
  const text = Buffer.from(component)
    .toString("latin1")
    .replace(/[\r\n]/g, "");
  if (!/^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/.test(text)) {
    throw new PosternError("invalid-argument", "path is not base64 text");
  }
  return new Uint8Array(Buffer.from(text, "base64url"));
}

function toBase64Url(component: Uint8Array): Uint8Array {
  const text = Buffer.from(component).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  return new Uint8Array(Buffer.from(text, "latin1"));
}
