import { createHash } from "node:crypto";
import { createBLAKE3 } from "hash-wasm";
import type { PieceHashAlgorithm } from "./codec.js";

/** Hash over the bytes of one piece. */
export interface PieceHasher {
  update(data: Uint8Array): void;
  /** 32 bytes; the hasher takes no more data afterwards. */
  digest(): Uint8Array;
}

/** @param algorithm orders.PieceHashAlgorithm: 0 SHA-256, 1 BLAKE3 */
export function createPieceHasher(algorithm: PieceHashAlgorithm): PieceHasher {
  return algorithm === 1 ? createBlake3Hasher() : createSha256Hasher();
}

function createSha256Hasher(): PieceHasher {
  const hash = createHash("sha256");
  return {
    update: (data) => void hash.update(data),
    digest: () => new Uint8Array(hash.digest()),
  };
}

// One WebAssembly instance for all hashers, which take turns: an instance each would cost a memory of its own for each
// piece. The state of the one that was last to use it stays inside until another one comes.
const blake3 = await createBLAKE3();
const freshState = blake3.init().save();
let inside: { state: Uint8Array } | undefined;

function createBlake3Hasher(): PieceHasher {
  const own = { state: freshState };
  const enter = (): void => {
    if (inside === own) return;
    if (inside !== undefined) inside.state = blake3.save();
    blake3.load(own.state);
    inside = own;
  };
  return {
    update(data) {
      enter();
      blake3.update(data);
    },
    digest() {
      enter();
      inside = undefined;
      return blake3.digest("binary");
    },
  };
}
