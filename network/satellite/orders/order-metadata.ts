import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from "node:crypto";
import { concatBytes, equalBytes } from "../../../core/bytes/bytes.js";

/** Whose traffic an order is. */
export interface OrderOwner {
  /** 16 bytes. */
  readonly projectId: Uint8Array;
  readonly bucket: Uint8Array;
}

/** Tells the satellite, and nobody else, whose traffic it is that nodes ask to settle. */
export interface OrderMetadata {
  seal(owner: OrderOwner): { readonly encryptedMetadataKeyId: Uint8Array; readonly encryptedMetadata: Uint8Array };
  /** Undefined for what was not sealed here. */
  open(keyId: Uint8Array, sealed: Uint8Array): OrderOwner | undefined;
}

const keyId = Uint8Array.of(1);
const nonceSize = 12;
const tagSize = 16;

/** AES-256-GCM with a key made from the satellite's identity, so that it outlives a restart. */
export function orderMetadataOf(identityKey: KeyObject): OrderMetadata {
  const secret = identityKey.export({ type: "pkcs8", format: "der" });
  const key = createHmac("sha256", secret).update("postern satellite: order metadata").digest();
  secret.fill(0);
  return {
    seal({ projectId, bucket }) {
      const nonce = randomBytes(nonceSize);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const encrypted = [cipher.update(projectId), cipher.update(bucket), cipher.final()];
      return {
        encryptedMetadataKeyId: keyId,
        encryptedMetadata: concatBytes(nonce, ...encrypted, cipher.getAuthTag()),
      };
    },
    open(id, sealed) {
      if (!equalBytes(id, keyId) || sealed.length < nonceSize + 16 + tagSize) return undefined;
      const end = sealed.length - tagSize;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceSize));
        decipher.setAuthTag(sealed.subarray(end));
        const plain = concatBytes(decipher.update(sealed.subarray(nonceSize, end)), decipher.final());
        return { projectId: plain.slice(0, 16), bucket: plain.slice(16) };
      } catch {
        return undefined;
      }
    },
  };
}
