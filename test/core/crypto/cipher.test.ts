import test from "ava";
import fc from "fast-check";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { decrypt, decryptKey, encrypt, encryptKey, overheadOf } from "../../../core/crypto/cipher.js";
import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import { deriveKey, deriveRootKey } from "../../../core/crypto/derive.js";
import { addToNonce, contentNonce, incrementNonce, zeroNonce } from "../../../core/crypto/nonce.js";
import { asVector, readVectors, type Summary } from "../../helpers/vectors.js";

const vectors = readVectors<{
  encrypt: { cipher: number; key: string; nonce: string; plain: string | Summary; encrypted: string | Summary }[];
  decryptInvalid: { cipher: number; key: string; nonce: string; encrypted: string; plain?: string; class?: string }[];
  encryptKey: { cipher: number; wrappingKey: string; nonce: string; key: string; encryptedKey: string }[];
  incrementNonce: { nonce: string; amount: string; result: string; truncated: boolean; error: string | null }[];
  deriveKey: { key: string; message: string; derived: string }[];
  rootKeys: { passphrase: string; salt: string; path: string; concurrency: number; key: string }[];
}>("encryption");

test("encrypt: and back", (t) => {
  for (const { cipher, key, nonce, plain, encrypted } of vectors.encrypt) {
    if (typeof plain !== "string") throw new Error("a plain text that is only summarised");
    const sealed = encrypt(fromHex(plain), cipher, fromHex(key), fromHex(nonce));
    t.deepEqual(asVector(sealed, encrypted), encrypted);
    t.is(toHex(decrypt(sealed, cipher, fromHex(key), fromHex(nonce))), plain);
    t.is(sealed.length, plain === "" ? 0 : plain.length / 2 + overheadOf(cipher));
  }
});

const codes: Record<string, string> = { invalidConfig: "invalid-argument", decryptFailed: "decryption-failed" };

test("decryptInvalid: classes of failures", (t) => {
  for (const { cipher, key, nonce, encrypted, plain, class: kind } of vectors.decryptInvalid) {
    const attempt = () => decrypt(fromHex(encrypted), cipher, fromHex(key), fromHex(nonce));
    if (kind === undefined) t.is(toHex(attempt()), plain!);
    else t.throws(attempt, { code: codes[kind]! });
  }
});

test("encrypt: suites that can not encrypt", (t) => {
  for (const suite of [0, 4, 5]) {
    t.throws(() => encrypt(Uint8Array.of(1), suite, new Uint8Array(32), zeroNonce()), { code: "invalid-argument" });
    t.throws(() => overheadOf(suite), { code: "invalid-argument" });
    t.is(encrypt(new Uint8Array(0), suite, new Uint8Array(32), zeroNonce()).length, 0);
  }
});

test("encryptKey: and back", (t) => {
  for (const { cipher, wrappingKey, nonce, key, encryptedKey } of vectors.encryptKey) {
    t.is(toHex(encryptKey(fromHex(key), cipher, fromHex(wrappingKey), fromHex(nonce))), encryptedKey);
    t.is(toHex(decryptKey(fromHex(encryptedKey), cipher, fromHex(wrappingKey), fromHex(nonce))), key);
  }
});

test("decryptKey: no key is the zero key", (t) => {
  t.deepEqual(decryptKey(new Uint8Array(0), 2, new Uint8Array(32), zeroNonce()), new Uint8Array(32));
});

test("any change to what was encrypted is found", (t) => {
  const suites = fc.constantFrom(CipherSuite.AesGcm, CipherSuite.SecretBox);
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(
      suites,
      bytes(32),
      bytes(24),
      fc.uint8Array({ minLength: 1 }),
      fc.nat(),
      (suite, key, nonce, plain, n) => {
        const sealed = encrypt(plain, suite, key, nonce);
        t.deepEqual(Uint8Array.from(decrypt(sealed, suite, key, nonce)), plain);
        sealed[n % sealed.length]! ^= 1 << (n % 8);
        t.throws(() => decrypt(sealed, suite, key, nonce), { code: "decryption-failed" });
      },
    ),
  );
});

test("incrementNonce: little-endian over all bytes", (t) => {
  for (const { nonce, amount, result, truncated, error } of vectors.incrementNonce) {
    const bytes = fromHex(nonce);
    if (error !== null) {
      t.throws(() => addToNonce(bytes, BigInt(amount)), { code: "invalid-argument" });
      continue;
    }
    t.is(toHex(incrementNonce(bytes, BigInt(amount), CipherSuite.SecretBox)), result);
    t.is(addToNonce(bytes, BigInt(amount)), truncated);
    t.is(toHex(bytes), result);
    if (Number.isSafeInteger(Number(amount))) {
      t.is(toHex(incrementNonce(fromHex(nonce), Number(amount), CipherSuite.SecretBox)), result);
    }
  }
});

test("incrementNonce: AES-GCM counts in its 12 bytes", (t) => {
  const nonce = fromHex("ffffffffffffffffffffffff0700000000000000000000aa");
  t.is(toHex(incrementNonce(nonce, 1, CipherSuite.AesGcm)), "0000000000000000000000000700000000000000000000aa");
  t.is(nonce[0], 0xff);
});

test("contentNonces of metadata.json", (t) => {
  const { contentNonces } = readVectors<{
    contentNonces: { partNumber: number; index: number; contentNonce: string }[];
  }>("metadata");
  for (const { partNumber, index, contentNonce: expected } of contentNonces) {
    t.is(toHex(contentNonce(partNumber, index)), expected);
  }
});

test("deriveKey", (t) => {
  for (const { key, message, derived } of vectors.deriveKey) {
    t.is(toHex(deriveKey(fromHex(key), fromHex(message))), derived);
  }
  t.is(toHex(deriveKey(new Uint8Array(32), "content")), toHex(deriveKey(new Uint8Array(32), Buffer.from("content"))));
});

test("rootKeys", async (t) => {
  for (const { passphrase, salt, path, concurrency, key } of vectors.rootKeys) {
    t.is(toHex(await deriveRootKey(fromHex(passphrase), fromHex(salt), fromHex(path), concurrency)), key);
  }
});
