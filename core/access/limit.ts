import { startsWithBytes, toHex } from "../bytes/bytes.js";
import { CipherSuite } from "../crypto/cipher-suite.js";
import { createStore, type EncryptionStore, type StoreEntry } from "../crypto/encryption-store.js";
import { decryptPath, derivePathKey } from "../crypto/path.js";
import { isPosternError } from "../errors.js";
import type { ApiKey } from "./api-key.js";
import { type Caveat, type CaveatPath, caveatsOf } from "./caveat.js";

/**
 * Reduces keys to what an API key permits (storj/common grant/access.go LimitTo). Without restrictions to paths the
 * store stays as it is; otherwise it has one entry for each permitted prefix, and no default key. Prefixes that can not
 * be decrypted are left out, and a key with a caveat that does not decode gets no keys at all.
 */
export function limitTo(store: EncryptionStore, apiKey: ApiKey): EncryptionStore {
  let caveats: Caveat[];
  try {
    caveats = caveatsOf(apiKey);
  } catch (error) {
    if (!isPosternError(error, "invalid-argument")) throw error;
    return createStore({ defaultPathCipher: CipherSuite.Unspecified });
  }
  const groups = caveats.map((caveat) => caveat.allowedPaths).filter((paths) => paths.length > 0);
  if (groups.length === 0) return store;
  const entries = permittedPaths(groups).map((path) => entryOf(store, path));
  return createStore(
    { defaultPathCipher: store.defaultPathCipher, entries: entries.filter((entry) => entry !== undefined) },
    { skipConflicts: true },
  );
}

/** Paths that every caveat permits: wider ones, which another caveat narrows, are not among them. */
function permittedPaths(groups: readonly (readonly CaveatPath[])[]): CaveatPath[] {
  const byBucket = groups.map((paths) => {
    const index = new Map<string, Uint8Array[]>();
    for (const { bucket, encryptedPathPrefix } of paths) {
      const hex = toHex(bucket);
      const prefixes = index.get(hex);
      if (prefixes === undefined) index.set(hex, [encryptedPathPrefix]);
      else prefixes.push(encryptedPathPrefix);
    }
    return index;
  });
  return groups.flat().filter(({ bucket, encryptedPathPrefix }) => {
    const hex = toHex(bucket);
    return byBucket.every((index) => index.get(hex)?.some((prefix) => startsWithBytes(encryptedPathPrefix, prefix)));
  });
}

/** The key of a permitted prefix; undefined when the store can not make it. */
function entryOf(store: EncryptionStore, { bucket, encryptedPathPrefix }: CaveatPath): StoreEntry | undefined {
  try {
    const pathCipher = store.lookupEncrypted(bucket, encryptedPathPrefix)?.pathCipher;
    if (pathCipher === undefined) return undefined;
    const unencryptedPath = decryptPath(store, bucket, encryptedPathPrefix);
    const key = derivePathKey(store, bucket, unencryptedPath);
    return { bucket, unencryptedPath, encryptedPath: encryptedPathPrefix, key, pathCipher };
  } catch (error) {
    // A raw prefix that ends inside of a component, or a path below which there is no key.
    if (isPosternError(error)) return undefined;
    throw error;
  }
}
