import { createCipheriv, createDecipheriv } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { PosternError } from "../errors.js";
import { CipherSuite, keySize, tagSize } from "./cipher-suite.js";
import { aesGcmNonceSize } from "./nonce.js";

/** Bytes that encryption adds to anything but empty input. */
export function overheadOf(suite: CipherSuite): number {
  switch (suite) {
    case CipherSuite.Null:
      return 0;
    case CipherSuite.AesGcm:
    case CipherSuite.SecretBox:
      return tagSize;
    default:
      throw unsupportedSuite(suite);
  }
}

/**
 * Encrypts with a 32-byte key and a 24-byte nonce. Empty input gives empty output, with no tag, for every suite.
 * With the null cipher the result is the input itself, not a copy.
 */
export function encrypt(data: Uint8Array, suite: CipherSuite, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  if (data.length === 0) return new Uint8Array(0);
  switch (suite) {
    case CipherSuite.Null:
      return data;
    case CipherSuite.AesGcm: {
      const cipher = createCipheriv("aes-256-gcm", key, nonce.subarray(0, aesGcmNonceSize));
      const out = new Uint8Array(data.length + tagSize);
      out.set(cipher.update(data));
      cipher.final();
      out.set(cipher.getAuthTag(), data.length);
      return out;
    }
    case CipherSuite.SecretBox:
      return xsalsa20poly1305(key, nonce).encrypt(data);
    default:
      throw unsupportedSuite(suite);
  }
}

/** Inverse of `encrypt`; `decryption-failed` for another key or nonce and for changed data. */
export function decrypt(data: Uint8Array, suite: CipherSuite, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  if (data.length === 0) return new Uint8Array(0);
  switch (suite) {
    case CipherSuite.Null:
      return data;
    case CipherSuite.AesGcm: {
      if (data.length < tagSize) throw decryptionFailed();
      const end = data.length - tagSize;
      const decipher = createDecipheriv("aes-256-gcm", key, nonce.subarray(0, aesGcmNonceSize));
      decipher.setAuthTag(data.subarray(end));
      const plain = decipher.update(data.subarray(0, end));
      try {
        decipher.final();
      } catch (cause) {
        throw decryptionFailed(cause);
      }
      return plain;
    }
    case CipherSuite.SecretBox:
      if (data.length < tagSize) throw decryptionFailed();
      try {
        return xsalsa20poly1305(key, nonce).decrypt(data);
      } catch (cause) {
        throw decryptionFailed(cause);
      }
    default:
      throw unsupportedSuite(suite);
  }
}

/** Wraps a 32-byte key: 48 bytes, or 32 with the null cipher. */
export function encryptKey(
  key: Uint8Array,
  suite: CipherSuite,
  wrappingKey: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return encrypt(key, suite, wrappingKey, nonce);
}

/**
 * Unwraps a key. Empty input is the all-zero key, and a key of another length is cut or filled with zeros: objects
 * without metadata rely on the former (storj/common encryption/encryption.go DecryptKey).
 */
export function decryptKey(
  encryptedKey: Uint8Array,
  suite: CipherSuite,
  wrappingKey: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const plain = decrypt(encryptedKey, suite, wrappingKey, nonce);
  const key = new Uint8Array(keySize);
  key.set(plain.subarray(0, keySize));
  return key;
}

export function decryptionFailed(cause?: unknown, what = "decryption failed, check encryption key"): PosternError {
  return new PosternError("decryption-failed", what, { cause });
}

export function unsupportedSuite(suite: CipherSuite): PosternError {
  return new PosternError("invalid-argument", `cipher suite ${suite} is not supported here`);
}
