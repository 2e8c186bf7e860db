import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { equalBytes, fromHex, toHex, utf8 } from "../../../core/bytes/bytes.js";
import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import { createStore, type EncryptionStore, withEntry } from "../../../core/crypto/encryption-store.js";
import {
  decryptPath,
  decryptPathRaw,
  deriveContentKey,
  derivePathKey,
  encryptPath,
  encryptPathRaw,
  encryptPrefix,
  prefixInfo,
} from "../../../core/crypto/path.js";
import { decodeSegment, encodeSegment, joinPath, splitPath } from "../../../core/crypto/path-components.js";
import { type StoreVector, storeOfVector } from "../../helpers/store-vector.js";
import { readVectors } from "../../helpers/vectors.js";

interface PrefixInfoVector {
  cipher?: number;
  [field: string]: string | number | undefined;
}

const vectors = readVectors<{
  pathKeys: { defaultKey: string; cases: { bucket: string; path: string; pathKey: string; contentKey: string }[] };
  encryptPath: {
    defaultKey: string;
    bucket: string;
    cases: {
      cipher: number;
      path: string;
      encrypted: string;
      encryptedAsPrefix: string;
      prefixInfo: PrefixInfoVector;
    }[];
  };
  encryptPathRaw: { cipher: number; key: string; path: string; encrypted?: string; class?: string }[];
  decryptPathRaw: { why: string; cipher: number; key: string; encrypted: string; path?: string }[];
  stores: {
    name: string;
    store: StoreVector;
    cases: {
      bucket: string;
      path: string;
      encrypted?: string;
      encryptError?: string;
      encryptedAsPrefix?: string;
      encryptAsPrefixError?: string;
      decrypted?: string;
      pathKey?: string;
      pathKeyError?: string;
      contentKey?: string;
      prefixInfo?: PrefixInfoVector;
      prefixInfoError?: string;
    }[];
  }[];
}>("encryption");

const missing = { code: "permission-denied" };

function checkPrefixInfo(
  t: ExecutionContext,
  store: EncryptionStore,
  bucket: string,
  path: string,
  expected: PrefixInfoVector,
) {
  const { bucket: _, cipher, ...rest } = prefixInfo(store, fromHex(bucket), fromHex(path));
  const hex = Object.fromEntries(Object.entries(rest).map(([name, bytes]) => [name, toHex(bytes)]));
  t.deepEqual({ cipher: expected.cipher ?? cipher, ...hex }, { cipher, ...expected });
}

test("pathKeys", (t) => {
  const store = createStore({ defaultKey: fromHex(vectors.pathKeys.defaultKey) });
  for (const { bucket, path, pathKey, contentKey } of vectors.pathKeys.cases) {
    t.is(toHex(derivePathKey(store, fromHex(bucket), fromHex(path))), pathKey);
    t.is(toHex(deriveContentKey(store, fromHex(bucket), fromHex(path))), contentKey);
  }
});

test("encryptPath: and back, as key, as prefix, and for listing", (t) => {
  const { defaultKey, bucket, cases } = vectors.encryptPath;
  for (const c of cases) {
    const store = createStore({ defaultKey: fromHex(defaultKey), defaultPathCipher: c.cipher });
    t.is(toHex(encryptPath(store, fromHex(bucket), fromHex(c.path))), c.encrypted);
    t.is(toHex(encryptPrefix(store, fromHex(bucket), fromHex(c.path))), c.encryptedAsPrefix);
    t.is(toHex(decryptPath(store, fromHex(bucket), fromHex(c.encrypted))), c.path);
    t.is(prefixInfo(store, fromHex(bucket), fromHex(c.path)).cipher, c.cipher);
    checkPrefixInfo(t, store, bucket, c.path, c.prefixInfo);
  }
});

test("encryptPathRaw", (t) => {
  for (const { cipher, key, path, encrypted } of vectors.encryptPathRaw) {
    const attempt = () => encryptPathRaw(fromHex(path), cipher, fromHex(key));
    if (encrypted === undefined) t.throws(attempt, { code: "invalid-argument" }, path);
    else t.is(toHex(attempt()), encrypted);
  }
});

test("decryptPathRaw", (t) => {
  for (const { why, cipher, key, encrypted, path } of vectors.decryptPathRaw) {
    const attempt = () => decryptPathRaw(fromHex(encrypted), cipher, fromHex(key));
    if (path === undefined) t.throws(attempt, { code: "decryption-failed" }, why);
    else t.is(toHex(attempt()), path, why);
  }
});

for (const { name, store: vector, cases } of vectors.stores) {
  test(`stores: ${name}`, (t) => {
    const store = storeOfVector(vector);
    t.is(store.entries.length, vector.entries.length);
    for (const c of cases) {
      const [bucket, path] = [fromHex(c.bucket), fromHex(c.path)];
      const why = `${c.bucket} ${c.path}`;
      const encryptedKey = () => encryptPath(store, bucket, path);
      const encryptedPrefix = () => encryptPrefix(store, bucket, path);
      if (c.encryptError !== undefined) t.throws(encryptedKey, missing, why);
      else t.is(toHex(encryptedKey()), c.encrypted!, why);
      if (c.encryptAsPrefixError !== undefined) t.throws(encryptedPrefix, missing, why);
      else t.is(toHex(encryptedPrefix()), c.encryptedAsPrefix!, why);
      if (c.encrypted !== undefined) t.is(toHex(decryptPath(store, bucket, fromHex(c.encrypted))), c.decrypted!, why);
      if (c.pathKeyError !== undefined) {
        t.throws(() => derivePathKey(store, bucket, path), missing, why);
        t.throws(() => deriveContentKey(store, bucket, path), missing, why);
      } else {
        t.is(toHex(derivePathKey(store, bucket, path)), c.pathKey!, why);
        t.is(toHex(deriveContentKey(store, bucket, path)), c.contentKey!, why);
      }
      if (c.prefixInfoError !== undefined) t.throws(() => prefixInfo(store, bucket, path), missing, why);
      else checkPrefixInfo(t, store, c.bucket, c.path, c.prefixInfo!);
    }
  });
}

const key = new Uint8Array(32).fill(7);
const entry = (plain: string, encrypted: string) => ({
  bucket: utf8("b"),
  unencryptedPath: utf8(plain),
  encryptedPath: utf8(encrypted),
  key,
  pathCipher: CipherSuite.AesGcm,
});

test("a store refuses entries that contradict each other, or leaves them out", (t) => {
  const refused = { code: "invalid-argument" };
  const store = createStore({ entries: [entry("a/b", "x/y")] });
  for (const bad of [entry("a/c", "z/y"), entry("d", "x"), entry("a/b", "x/q"), entry("a/b", "x"), entry("", "x")]) {
    t.throws(() => withEntry(store, bad), refused);
    t.deepEqual(createStore({ entries: [entry("a/b", "x/y"), bad] }, { skipConflicts: true }).entries, store.entries);
  }
  t.throws(() => withEntry(store, { ...entry("e", "e"), key: key.subarray(1) }), refused);
  t.throws(() => createStore({ defaultKey: key.subarray(1) }), refused);
  t.is(withEntry(store, entry("a", "x")).entries.length, 2);
  t.is(withEntry(store, { ...entry("a/b", "x/y"), pathCipher: 1 }).entries[0]!.pathCipher, 1);
});

test("any path comes back, by key and by prefix", (t) => {
  const component = fc.uint8Array({ maxLength: 5 }).map((bytes) => bytes.filter((byte) => byte !== 0x2f));
  const paths = fc.array(component, { maxLength: 5 }).map(joinPath);
  const ciphers = fc.constantFrom(CipherSuite.Null, CipherSuite.AesGcm, CipherSuite.SecretBox);
  fc.assert(
    fc.property(paths, fc.uint8Array({ maxLength: 5 }), ciphers, (path, bucket, defaultPathCipher) => {
      const store = createStore({ defaultKey: key, defaultPathCipher });
      const encrypted = encryptPath(store, bucket, path);
      t.deepEqual(decryptPath(store, bucket, encrypted), path);
      t.deepEqual(joinPath(splitPath(path)), path);
      const info = prefixInfo(store, bucket, path);
      t.deepEqual(info.pathEnc, encrypted);
      // The parent of "/x" is an empty component, which as a path can not be told from the bucket.
      if (info.parentUnenc.length === 0 && path[0] === 0x2f) return;
      t.deepEqual(encryptPath(store, bucket, info.parentUnenc), info.parentEnc);
      t.deepEqual(derivePathKey(store, bucket, info.parentUnenc), info.parentKey);
    }),
  );
});

test("encoded components hold no slash, zero or ff, and sort like what they hold", (t) => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const [encodedA, encodedB] = [encodeSegment(a), encodeSegment(b)];
      t.deepEqual(decodeSegment(encodedA), a);
      t.false([0, 0x2f, 0xff].some((byte) => encodedA.includes(byte)));
      t.is(Math.sign(Buffer.compare(encodedA, encodedB)), Math.sign(Buffer.compare(a, b)));
    }),
  );
  t.deepEqual(decodeSegment(encodeSegment(new Uint8Array(0))), new Uint8Array(0));
});

test("rubbish in place of an encrypted path never decrypts, and fails as such", (t) => {
  const store = createStore({ defaultKey: key });
  const rubbish = fc.uint8Array({ minLength: 1, maxLength: 60 }).filter((bytes) => bytes.some((byte) => byte !== 0x2f));
  fc.assert(
    fc.property(rubbish, (bytes) => {
      // A lone nonce is an empty component: thirteen bytes may pass, anything longer needs a tag.
      if (splitPath(bytes).every((component) => component.length < 1 + 12)) {
        t.throws(() => decryptPath(store, utf8("b"), bytes), { code: "decryption-failed" });
      }
    }),
  );
});

test("a path of very many components does not exhaust the stack", (t) => {
  const path = utf8("/".repeat(200_000));
  const store = createStore({ entries: [{ ...entry("", ""), unencryptedPath: path, encryptedPath: path }] });
  t.true(equalBytes(encryptPath(store, utf8("b"), path), path));
  t.true(equalBytes(decryptPath(store, utf8("b"), path), path));
});
