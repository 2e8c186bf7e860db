import { PosternError } from "../errors.js";
import { CipherSuite, nonceSize } from "./cipher-suite.js";

/** AES-GCM uses this much of the 24 bytes (storj/common encryption/encryption.go). */
export const aesGcmNonceSize = 12;

/** 24 zero bytes, a fresh array. */
export function zeroNonce(): Uint8Array {
  return new Uint8Array(nonceSize);
}

/** Nonce bytes that the suite uses: counting wraps around after them. */
export function usedNonceSize(suite: CipherSuite): number {
  return suite === CipherSuite.AesGcm ? aesGcmNonceSize : nonceSize;
}

/** Adds in place, little-endian (some comments in Go say big-endian; its code does not). True when it wrapped around. */
export function addToNonce(nonce: Uint8Array, amount: number | bigint): boolean {
  if (amount < 0 || (typeof amount === "number" && !Number.isSafeInteger(amount))) {
    throw new PosternError("invalid-argument", "a nonce is incremented by a whole amount of at least 0");
  }
  if (typeof amount === "bigint" && amount <= BigInt(Number.MAX_SAFE_INTEGER)) amount = Number(amount);
  if (typeof amount === "bigint") {
    let carry = amount;
    for (let i = 0; i < nonce.length && carry > 0n; i++) {
      carry += BigInt(nonce[i]!);
      nonce[i] = Number(carry & 0xffn);
      carry >>= 8n;
    }
    return carry > 0n;
  }
  let rest = amount;
  let carry = 0;
  for (let i = 0; i < nonce.length && (rest > 0 || carry > 0); i++) {
    const sum = nonce[i]! + (rest % 256) + carry;
    nonce[i] = sum & 0xff;
    carry = sum >> 8;
    rest = Math.floor(rest / 256);
  }
  return rest > 0 || carry > 0;
}

/** A copy, `amount` further. Bytes that the suite does not use stay as they are. */
export function incrementNonce(nonce: Uint8Array, amount: number | bigint, suite: CipherSuite): Uint8Array {
  const out = Uint8Array.from(nonce);
  addToNonce(out.subarray(0, usedNonceSize(suite)), amount);
  return out;
}

/**
 * Nonce of a segment's first block; it is not sent, both sides compute it.
 * @param partNumber 0 for objects uploaded in one go
 * @param index of the segment within its part, from 0
 */
export function contentNonce(partNumber: number, index: number): Uint8Array {
  const nonce = zeroNonce();
  addToNonce(nonce, (BigInt(partNumber) << 32n) | (BigInt(index) + 1n));
  return nonce;
}
