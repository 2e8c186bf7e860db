import { hash } from "node:crypto";
import { PosternError } from "../errors.js";
import { decodeBase58, encodeBase58 } from "./base58.js";
import { concatBytes, equalBytes } from "./bytes.js";

export { decodeBase58, encodeBase58 } from "./base58.js";

const checksumSize = 4;

function checksum(bytes: Uint8Array): Uint8Array {
  return hash("sha256", hash("sha256", bytes, "buffer"), "buffer").subarray(0, checksumSize);
}

/** Base58 of a version byte, the payload and the first 4 bytes of their double SHA-256 (storj/common base58). */
export function encodeBase58Check(payload: Uint8Array, version = 0): string {
  const body = concatBytes(Uint8Array.of(version), payload);
  return encodeBase58(concatBytes(body, checksum(body)));
}

/** `invalid-argument` for bad characters, less than a version byte and a checksum, or a wrong checksum. */
export function decodeBase58Check(text: string): { payload: Uint8Array; version: number } {
  const bytes = decodeBase58(text);
  if (bytes.length < 1 + checksumSize) throw new PosternError("invalid-argument", "invalid base58check format");
  const body = bytes.subarray(0, bytes.length - checksumSize);
  if (!equalBytes(checksum(body), bytes.subarray(body.length))) {
    throw new PosternError("invalid-argument", "base58check checksum mismatch");
  }
  return { payload: body.subarray(1), version: body[0]! };
}
