import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { concatBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";

const nonceSize = 12;
const tagSize = 16;

/**
 * Encrypts with AES-256-GCM under a key that is derived for the purpose; the context is authenticated, so that a sealed
 * value can not be moved to another place. The form is nonce, ciphertext, tag.
 */
export function seal(key: Uint8Array, purpose: string, context: string, data: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceSize);
  const cipher = createCipheriv("aes-256-gcm", purposeKey(key, purpose), nonce).setAAD(Buffer.from(context));
  return concatBytes(nonce, cipher.update(data), cipher.final(), cipher.getAuthTag());
}

/** Throws `decryption-failed` for what was not sealed with this key, purpose and context. */
export function unseal(key: Uint8Array, purpose: string, context: string, sealed: Uint8Array): Uint8Array {
  try {
    const end = sealed.length - tagSize;
    const decipher = createDecipheriv("aes-256-gcm", purposeKey(key, purpose), sealed.subarray(0, nonceSize), {
      authTagLength: tagSize,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(end));
    return concatBytes(decipher.update(sealed.subarray(nonceSize, end)), decipher.final());
  } catch (cause) {
    throw new PosternError("decryption-failed", "a sealed setting can not be opened", { cause });
  }
}

function purposeKey(key: Uint8Array, purpose: string): Buffer {
  return createHmac("sha256", key).update(purpose).digest();
}
