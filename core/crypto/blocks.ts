import { createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { PosternError } from "../errors.js";
import { decryptionFailed, overheadOf, unsupportedSuite } from "./cipher.js";
import { CipherSuite, tagSize } from "./cipher-suite.js";
import { addToNonce, usedNonceSize } from "./nonce.js";

/** How the content of one remote segment is encrypted, block by block. */
export interface BlockParams {
  readonly suite: CipherSuite;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 24 bytes, the nonce of block 0; block i has it incremented by i. */
  readonly startingNonce: Uint8Array;
  /** Bytes of an encrypted block, 7424 by default; no meaning with the null cipher. */
  readonly encryptedBlockSize: number;
}

/** Plain bytes of a block. The null cipher has no blocks: 1 (storj/common encryption/transform.go NoopTransformer). */
export function plainBlockSize(suite: CipherSuite, encryptedBlockSize: number): number {
  if (suite === CipherSuite.Null) return 1;
  const size = encryptedBlockSize - overheadOf(suite);
  if (!Number.isSafeInteger(encryptedBlockSize) || size <= 0) {
    throw new PosternError("invalid-argument", `encrypted block size ${encryptedBlockSize} is too small`);
  }
  return size;
}

/** Encrypted bytes of `plainSize` bytes of content after padding to blocks, for remote segments. */
export function encryptedSize(plainSize: number, suite: CipherSuite, encryptedBlockSize: number): number {
  const plainBlock = plainBlockSize(suite, encryptedBlockSize);
  return Math.ceil((plainSize + 4) / plainBlock) * (suite === CipherSuite.Null ? 1 : encryptedBlockSize);
}

/** Blocks that hold `length` bytes from `offset`; none for no bytes. */
export function encompassingBlocks(
  offset: number,
  length: number,
  blockSize: number,
): { firstBlock: number; blockCount: number } {
  const firstBlock = Math.floor(offset / blockSize);
  if (length <= 0) return { firstBlock, blockCount: 0 };
  return { firstBlock, blockCount: Math.ceil((offset + length) / blockSize) - firstBlock };
}

/**
 * Encrypts whole plain blocks into `out`, which must hold as many encrypted ones.
 * @param firstBlock index of the first block within the segment
 * @returns bytes written
 */
export function encryptBlocks(plain: Uint8Array, out: Uint8Array, params: BlockParams, firstBlock: number): number {
  const plainBlock = plainBlockSize(params.suite, params.encryptedBlockSize);
  return eachBlock(plain, plainBlock, out, plainBlock + overheadOf(params.suite), params, firstBlock, sealer);
}

/**
 * Decrypts whole encrypted blocks into `out`. `decryption-failed` names the first block that fails; `out` then holds the
 * blocks before it, and rubbish after them.
 * @returns bytes written
 */
export function decryptBlocks(encrypted: Uint8Array, out: Uint8Array, params: BlockParams, firstBlock: number): number {
  const plainBlock = plainBlockSize(params.suite, params.encryptedBlockSize);
  return eachBlock(encrypted, plainBlock + overheadOf(params.suite), out, plainBlock, params, firstBlock, opener);
}

/** Transforms one block; false when it does not authenticate. */
type BlockTransform = (from: Uint8Array, to: Uint8Array, nonce: Uint8Array) => boolean;

function eachBlock(
  from: Uint8Array,
  fromSize: number,
  to: Uint8Array,
  toSize: number,
  params: BlockParams,
  firstBlock: number,
  transformOf: (params: BlockParams, plainBlock: number) => BlockTransform,
): number {
  const count = from.length / fromSize;
  if (!Number.isInteger(count)) throw new PosternError("invalid-argument", "not a whole number of cipher blocks");
  if (to.length < count * toSize) throw new PosternError("invalid-argument", "output buffer is too small");
  if (params.suite === CipherSuite.Null) {
    to.set(from);
    return from.length;
  }
  const transform = transformOf(params, Math.min(fromSize, toSize));
  const nonce = Uint8Array.from(params.startingNonce.subarray(0, usedNonceSize(params.suite)));
  addToNonce(nonce, firstBlock);
  for (let i = 0; i < count; i++) {
    const source = from.subarray(i * fromSize, (i + 1) * fromSize);
    if (!transform(source, to.subarray(i * toSize, (i + 1) * toSize), nonce)) {
      throw decryptionFailed(undefined, `decryption of block ${firstBlock + i} failed`);
    }
    addToNonce(nonce, 1);
  }
  return count * toSize;
}

function sealer(params: BlockParams, plainBlock: number): BlockTransform {
  if (params.suite === CipherSuite.AesGcm) {
    const key = createSecretKey(params.key);
    return (plain, out, nonce) => {
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      out.set(cipher.update(plain));
      cipher.final();
      out.set(cipher.getAuthTag(), plain.length);
      return true;
    };
  }
  if (params.suite !== CipherSuite.SecretBox) throw unsupportedSuite(params.suite);
  // noble wants 32 bytes of working space before the plain text, and answers a view of the rest.
  const scratch = new Uint8Array(32 + plainBlock);
  return (plain, out, nonce) => {
    out.set(xsalsa20poly1305(params.key, nonce).encrypt(plain, scratch));
    return true;
  };
}

function opener(params: BlockParams, plainBlock: number): BlockTransform {
  if (params.suite === CipherSuite.AesGcm) {
    const key = createSecretKey(params.key);
    return (encrypted, out, nonce) => {
      const decipher = createDecipheriv("aes-256-gcm", key, nonce);
      decipher.setAuthTag(encrypted.subarray(plainBlock));
      out.set(decipher.update(encrypted.subarray(0, plainBlock)));
      try {
        decipher.final();
        return true;
      } catch {
        return false; // OpenSSL says no more than that; the caller names the block
      }
    };
  }
  if (params.suite !== CipherSuite.SecretBox) throw unsupportedSuite(params.suite);
  const scratch = new Uint8Array(32 + plainBlock + tagSize);
  return (encrypted, out, nonce) => {
    try {
      out.set(xsalsa20poly1305(params.key, nonce).decrypt(encrypted, scratch));
      return true;
    } catch {
      return false; // "invalid tag", the only failure for a block of the right size
    }
  };
}
