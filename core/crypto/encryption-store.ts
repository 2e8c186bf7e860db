import { PosternError } from "../errors.js";
import { CipherSuite, keySize } from "./cipher-suite.js";
import { derivePathComponentKey } from "./derive.js";
import { splitPath } from "./path-components.js";

/** Key of one prefix of a bucket, and of everything below it. */
export interface StoreEntry {
  readonly bucket: Uint8Array;
  /** Both paths have the same number of components; empty for the whole bucket. */
  readonly unencryptedPath: Uint8Array;
  readonly encryptedPath: Uint8Array;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly pathCipher: CipherSuite;
}

export interface StoreInit {
  /** Key of the project, for whatever no entry covers; none when absent. */
  readonly defaultKey?: Uint8Array | undefined;
  /** Cipher of paths below the default key; AES-GCM when absent. */
  readonly defaultPathCipher?: CipherSuite;
  readonly entries?: Iterable<StoreEntry>;
  /** Debug mode without keys: encrypted paths are shown as base64 text. Not serialised; false when absent. */
  readonly encryptionBypass?: boolean;
}

/** Where the encryption of a path starts. */
export interface PathBase {
  /** Path key of the place that the two paths name; for the default key it is the bucket's. */
  readonly key: Uint8Array;
  readonly pathCipher: CipherSuite;
  /** Both empty at the bucket itself. */
  readonly unencryptedPath: Uint8Array;
  readonly encryptedPath: Uint8Array;
  /** Components after that place. */
  readonly remaining: readonly Uint8Array[];
}

/** The keys that an access grant holds. Immutable. */
export interface EncryptionStore {
  readonly defaultKey: Uint8Array | undefined;
  readonly defaultPathCipher: CipherSuite;
  readonly entries: readonly StoreEntry[];
  readonly encryptionBypass: boolean;
  /** The entry with the longest matching path, or the default key; undefined when there is neither. */
  lookupUnencrypted(bucket: Uint8Array, path: Uint8Array): PathBase | undefined;
  lookupEncrypted(bucket: Uint8Array, path: Uint8Array): PathBase | undefined;
}

/** Entries are found by either path, so each plain component stands for one encrypted one, and the reverse. */
interface Node {
  readonly byPlain: Map<string, Node>;
  readonly byEncrypted: Map<string, Node>;
}

/**
 * Builds a store (storj/common encryption/store.go). A later entry replaces an earlier one of the same path.
 * `invalid-argument` when keys are not 32 bytes, the paths of an entry differ in components, or an entry contradicts
 * an earlier one; with `skipConflicts` such entries are left out.
 */
export function createStore(init: StoreInit, options: { skipConflicts?: boolean } = {}): EncryptionStore {
  const defaultPathCipher = init.defaultPathCipher ?? CipherSuite.AesGcm;
  const encryptionBypass = init.encryptionBypass ?? false;
  const { defaultKey } = init;
  if (defaultKey !== undefined && defaultKey.length !== keySize) {
    throw new PosternError("invalid-argument", "invalid default key");
  }
  const roots = new Map<string, Node>();
  const entryAt = new Map<Node, StoreEntry>();
  for (const entry of init.entries ?? []) {
    const problem = add(roots, entryAt, entry);
    if (problem !== undefined && !options.skipConflicts) throw new PosternError("invalid-argument", problem);
  }

  function lookup(bucket: Uint8Array, path: Uint8Array, side: "byPlain" | "byEncrypted"): PathBase | undefined {
    const components = splitPath(path);
    let node = roots.get(textOf(bucket));
    let best: { entry: StoreEntry; depth: number } | undefined;
    for (let depth = 0; node !== undefined; depth++) {
      const entry = entryAt.get(node);
      if (entry !== undefined) best = { entry, depth };
      const component = components[depth];
      if (component === undefined) break;
      node = node[side].get(textOf(component));
    }
    if (best !== undefined) {
      const { key, unencryptedPath, encryptedPath } = best.entry;
      const pathCipher = encryptionBypass ? CipherSuite.NullBase64Url : best.entry.pathCipher;
      return { key, pathCipher, unencryptedPath, encryptedPath, remaining: components.slice(best.depth) };
    }
    if (defaultKey === undefined) return undefined;
    return {
      key: derivePathComponentKey(defaultKey, bucket),
      pathCipher: encryptionBypass ? CipherSuite.NullBase64Url : defaultPathCipher,
      unencryptedPath: new Uint8Array(0),
      encryptedPath: new Uint8Array(0),
      remaining: components,
    };
  }

  return {
    defaultKey,
    defaultPathCipher,
    entries: [...entryAt.values()],
    encryptionBypass,
    lookupUnencrypted: (bucket, path) => lookup(bucket, path, "byPlain"),
    lookupEncrypted: (bucket, path) => lookup(bucket, path, "byEncrypted"),
  };
}

/** The same keys and one more entry; `invalid-argument` as in `createStore`. */
export function withEntry(store: EncryptionStore, entry: StoreEntry): EncryptionStore {
  return createStore({ ...store, entries: [...store.entries, entry] });
}

/** Says what is wrong with an entry, and then changes nothing. */
function add(roots: Map<string, Node>, entryAt: Map<Node, StoreEntry>, entry: StoreEntry): string | undefined {
  if (entry.key.length !== keySize) return "invalid key in encryption access entry";
  const plain = splitPath(entry.unencryptedPath).map(textOf);
  const encrypted = splitPath(entry.encryptedPath).map(textOf);
  if (plain.length !== encrypted.length) return "encrypted and unencrypted paths differ in their number of components";

  const bucket = textOf(entry.bucket);
  const root = roots.get(bucket) ?? newNode();
  let node = root;
  let depth = 0;
  for (; depth < plain.length; depth++) {
    const byPlain = node.byPlain.get(plain[depth]!);
    if (byPlain !== node.byEncrypted.get(encrypted[depth]!)) return "encrypted paths of entries conflict";
    if (byPlain === undefined) break;
    node = byPlain;
  }
  roots.set(bucket, root);
  for (; depth < plain.length; depth++) {
    const child = newNode();
    node.byPlain.set(plain[depth]!, child);
    node.byEncrypted.set(encrypted[depth]!, child);
    node = child;
  }
  entryAt.set(node, entry);
  return undefined;
}

function newNode(): Node {
  return { byPlain: new Map(), byEncrypted: new Map() };
}

/** Map keys; one character a byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
