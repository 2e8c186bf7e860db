import { fromHex, toHex } from "../../core/bytes/bytes.js";
import { createStore, type EncryptionStore } from "../../core/crypto/encryption-store.js";

/** `encryption` of the vectors: entries sorted by bucket, then encrypted path. */
export interface StoreVector {
  defaultKey: string | null;
  defaultPathCipher: number;
  encryptionBypass: boolean;
  entries: { bucket: string; unencryptedPath: string; encryptedPath: string; key: string; pathCipher: number }[];
}

export function storeOfVector(vector: StoreVector): EncryptionStore {
  return createStore({
    defaultKey: vector.defaultKey === null ? undefined : fromHex(vector.defaultKey),
    defaultPathCipher: vector.defaultPathCipher,
    encryptionBypass: vector.encryptionBypass,
    entries: vector.entries.map((entry) => ({
      bucket: fromHex(entry.bucket),
      unencryptedPath: fromHex(entry.unencryptedPath),
      encryptedPath: fromHex(entry.encryptedPath),
      key: fromHex(entry.key),
      pathCipher: entry.pathCipher,
    })),
  });
}

export function vectorOfStore(store: EncryptionStore): StoreVector {
  const entries = store.entries.map(({ bucket, unencryptedPath, encryptedPath, key, pathCipher }) => ({
    bucket: toHex(bucket),
    unencryptedPath: toHex(unencryptedPath),
    encryptedPath: toHex(encryptedPath),
    key: toHex(key),
    pathCipher,
  }));
  const order = (entry: StoreVector["entries"][number]) => `${entry.bucket} ${entry.encryptedPath}`;
  return {
    defaultKey: store.defaultKey === undefined ? null : toHex(store.defaultKey),
    defaultPathCipher: store.defaultPathCipher,
    encryptionBypass: store.encryptionBypass,
    entries: entries.sort((a, b) => (order(a) < order(b) ? -1 : 1)),
  };
}
