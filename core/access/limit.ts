import { toHex } from "../bytes/bytes.js";
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
  const hexGroups = groups.map((paths) =>
    paths.map((path) => ({ path, bucket: toHex(path.bucket), prefix: toHex(path.encryptedPathPrefix) })),
  );
  const permits = hexGroups.map(prefixTest);
  return hexGroups
    .flat()
    .filter(({ bucket, prefix }) => permits.every((permitted) => permitted(bucket, prefix)))
    .map(({ path }) => path);
}

interface HexPath {
  readonly bucket: string;
  readonly prefix: string;
}

/** Tells whether one of the paths is a prefix of another; by look-ups, since strangers may send very many of them. */
function prefixTest(paths: readonly HexPath[]): (bucket: string, prefix: string) => boolean {
  const byBucket = new Map<string, { prefixes: Set<string>; lengths: number[] }>();
  for (const { bucket, prefix } of paths) {
    const known = byBucket.get(bucket) ?? { prefixes: new Set(), lengths: [] };
    byBucket.set(bucket, known);
    known.prefixes.add(prefix);
    if (!known.lengths.includes(prefix.length)) known.lengths.push(prefix.length);
  }
  return (bucket, prefix) => {
    const known = byBucket.get(bucket);
    return known?.lengths.some((length) => known.prefixes.has(prefix.slice(0, length))) ?? false;
  };
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
