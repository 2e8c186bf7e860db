import { createHash } from "node:crypto";
import { createBlake3 } from "../crypto/blake3/blake3.js";
import type { PieceHashAlgorithm } from "./codec.js";

/** Hash over the bytes of one piece. */
export interface PieceHasher {
  update(data: Uint8Array): void;
  /** 32 bytes; the hasher takes no more data afterwards. */
  digest(): Uint8Array;
}

/** @param algorithm orders.PieceHashAlgorithm: 0 SHA-256, 1 BLAKE3 */
export function createPieceHasher(algorithm: PieceHashAlgorithm): PieceHasher {
  if (algorithm === 1) return createBlake3();
  const hash = createHash("sha256");
  return {
    update: (data) => void hash.update(data),
    digest: () => new Uint8Array(hash.digest()),
  };
}
