import { utf8, utf8Text } from "../bytes/bytes.js";
import { decrypt, encrypt } from "../crypto/cipher.js";
import { CipherSuite } from "../crypto/cipher-suite.js";
import { incrementNonce, zeroNonce } from "../crypto/nonce.js";
import type { AccessKey } from "./access-key.js";
import type { GrantRecord } from "./grant-store.js";

/**
 * How a record's two secrets are encrypted: AES-256-GCM under the 16-byte access key padded with zeros, the secret key
 * with nonce 0 and the grant's text with nonce 1. Each access key encrypts exactly one record, so nonces never repeat.
 * Source: storj/edge pkg/auth/authdb/db.go.
 */

export type EncryptedSecrets = Pick<GrantRecord, "encryptedSecretKey" | "encryptedAccessGrant">;

export function encryptSecrets(key: AccessKey, secretKey: Uint8Array, accessGrant: string): EncryptedSecrets {
  const cipherKey = paddedKey(key);
  return {
    encryptedSecretKey: encrypt(secretKey, CipherSuite.AesGcm, cipherKey, secretKeyNonce),
    encryptedAccessGrant: encrypt(utf8(accessGrant), CipherSuite.AesGcm, cipherKey, accessGrantNonce),
  };
}

/** Throws `decryption-failed` when the record was not encrypted with this access key. */
export function decryptSecrets(
  key: AccessKey,
  record: EncryptedSecrets,
): { secretKey: Uint8Array; accessGrant: string } {
  const cipherKey = paddedKey(key);
  return {
    secretKey: decrypt(record.encryptedSecretKey, CipherSuite.AesGcm, cipherKey, secretKeyNonce),
    accessGrant: utf8Text(decrypt(record.encryptedAccessGrant, CipherSuite.AesGcm, cipherKey, accessGrantNonce)),
  };
}

const secretKeyNonce = zeroNonce();
const accessGrantNonce = incrementNonce(zeroNonce(), 1, CipherSuite.AesGcm);

function paddedKey(key: AccessKey): Uint8Array {
  const padded = new Uint8Array(32);
  padded.set(key);
  return padded;
}
