import test from "ava";
import { concatBytes, fromHex, toHex } from "../../../core/bytes/bytes.js";
import {
  decryptBlocks,
  encompassingBlocks,
  encryptBlocks,
  encryptedSize,
  plainBlockSize,
} from "../../../core/crypto/blocks.js";
import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import { contentNonce } from "../../../core/crypto/nonce.js";
import { paddedSize, padding, paddingSize } from "../../../core/crypto/padding.js";
import { asVector, pattern, readVectors, type Summary } from "../../helpers/vectors.js";

const vectors = readVectors<{
  blocks: {
    plainPatternLabel: string;
    cases: {
      cipher: number;
      key: string;
      startingNonce: string;
      blockSize: number;
      plainLength: number;
      padding: number;
      paddingBytes: string | Summary;
      encryptedSize: number;
      encrypted: string | Summary;
    }[];
  };
  padding: { blockSize: number; dataLength: number; padding: number; paddingBytes: string | Summary }[];
  encompassingBlocks: { offset: number; length: number; blockSize: number; firstBlock: number; blockCount: number }[];
}>("encryption");

test("blocks: pads and encrypts, in one run or block by block", (t) => {
  const { plainPatternLabel, cases } = vectors.blocks;
  for (const c of cases) {
    const plainBlock = plainBlockSize(c.cipher, c.blockSize);
    const pad = padding(c.plainLength, plainBlock);
    t.is(pad.length, c.padding);
    t.deepEqual(asVector(pad, c.paddingBytes), c.paddingBytes);
    t.is(encryptedSize(c.plainLength, c.cipher, c.blockSize), c.encryptedSize);

    const plain = concatBytes(pattern(plainPatternLabel, c.plainLength), pad);
    const params = {
      suite: c.cipher,
      key: fromHex(c.key),
      startingNonce: fromHex(c.startingNonce),
      encryptedBlockSize: c.blockSize,
    };
    const whole = new Uint8Array(c.encryptedSize);
    t.is(encryptBlocks(plain, whole, params, 0), c.encryptedSize);
    t.deepEqual(asVector(whole, c.encrypted), c.encrypted);

    const single = new Uint8Array(c.encryptedSize);
    const back = new Uint8Array(plain.length);
    for (let i = 0; i * plainBlock < plain.length; i++) {
      const block = single.subarray(i * c.blockSize, (i + 1) * c.blockSize);
      encryptBlocks(plain.subarray(i * plainBlock, (i + 1) * plainBlock), block, params, i);
      t.is(decryptBlocks(block, back.subarray(i * plainBlock), params, i), plainBlock);
    }
    t.deepEqual(single, whole);
    t.deepEqual(back, plain);
    t.is(decryptBlocks(whole, back.fill(0), params, 0), plain.length);
    t.deepEqual(back, plain);
  }
});

test("a block that fails is named; the ones before it are there", (t) => {
  for (const suite of [CipherSuite.AesGcm, CipherSuite.SecretBox]) {
    const params = { suite, key: new Uint8Array(32), startingNonce: contentNonce(0, 0), encryptedBlockSize: 64 };
    const plain = pattern("x", 4 * 48);
    const encrypted = new Uint8Array(4 * 64);
    encryptBlocks(plain, encrypted, params, 7);
    encrypted[2 * 64 + 5]! ^= 1;
    const out = new Uint8Array(plain.length);
    t.throws(() => decryptBlocks(encrypted, out, params, 7), { code: "decryption-failed", message: /block 9 / });
    t.deepEqual(out.subarray(0, 96), plain.subarray(0, 96));
    t.throws(() => decryptBlocks(encrypted, out, params, 8), { code: "decryption-failed", message: /block 8 / });
  }
});

test("the null cipher has no blocks, and still four bytes of padding", (t) => {
  const params = { suite: 1, key: new Uint8Array(32), startingNonce: contentNonce(0, 0), encryptedBlockSize: 7424 };
  t.is(encryptedSize(100, 1, 7424), 104);
  t.is(toHex(padding(100, plainBlockSize(1, 7424))), "00000004");
  const out = new Uint8Array(3);
  t.is(encryptBlocks(Uint8Array.of(1, 2, 3), out, params, 5), 3);
  t.deepEqual(out, Uint8Array.of(1, 2, 3));
  t.is(decryptBlocks(Uint8Array.of(4, 5), out, params, 5), 2);
  t.deepEqual(out, Uint8Array.of(4, 5, 3));
});

test("wrong sizes and suites are refused", (t) => {
  const params = { suite: 2, key: new Uint8Array(32), startingNonce: contentNonce(0, 0), encryptedBlockSize: 64 };
  const refused = { code: "invalid-argument" };
  t.throws(() => encryptBlocks(new Uint8Array(47), new Uint8Array(64), params, 0), refused);
  t.throws(() => encryptBlocks(new Uint8Array(48), new Uint8Array(63), params, 0), refused);
  t.throws(() => decryptBlocks(new Uint8Array(65), new Uint8Array(64), params, 0), refused);
  for (const suite of [0, 4, 5]) {
    t.throws(() => encryptBlocks(new Uint8Array(48), new Uint8Array(64), { ...params, suite }, 0), refused);
  }
  for (const size of [16, 0, -1, 64.5]) t.throws(() => plainBlockSize(2, size), refused);
});

test("encryptedSize: the sizes of the format notes", (t) => {
  const sizes = [0, 1, 7404, 7405, 67108864].map((n) => encryptedSize(n, CipherSuite.AesGcm, 7424));
  t.deepEqual(sizes, [7424, 7424, 7424, 14848, 67254016]);
});

test("padding", (t) => {
  for (const { blockSize, dataLength, padding: size, paddingBytes } of vectors.padding) {
    t.is(paddingSize(dataLength, blockSize), size);
    t.is(paddedSize(dataLength, blockSize), dataLength + size);
    t.is(paddedSize(dataLength, blockSize) % blockSize, 0);
    t.deepEqual(asVector(padding(dataLength, blockSize), paddingBytes), paddingBytes);
  }
});

test("encompassingBlocks", (t) => {
  for (const { offset, length, blockSize, firstBlock, blockCount } of vectors.encompassingBlocks) {
    t.deepEqual(encompassingBlocks(offset, length, blockSize), { firstBlock, blockCount });
  }
});
