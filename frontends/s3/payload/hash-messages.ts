import type { HashAlgorithm } from "./hashes.js";

/** What a hash thread is told. Blocks are handed over, and handed back empty. */
export type ToHashThread =
  | { readonly kind: "open"; readonly job: number; readonly algorithms: readonly HashAlgorithm[] }
  | { readonly kind: "data"; readonly job: number; readonly block: ArrayBuffer; readonly length: number }
  | { readonly kind: "end"; readonly job: number }
  | { readonly kind: "abandon"; readonly job: number };

export type FromHashThread =
  | { readonly kind: "block"; readonly job: number; readonly block: ArrayBuffer }
  | { readonly kind: "digests"; readonly job: number; readonly digests: readonly Uint8Array[] };
