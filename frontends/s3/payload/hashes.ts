import { createHash } from "node:crypto";

export type HashAlgorithm = "md5" | "sha256";

/** Several hashes of one body, fed in order. */
export interface Hashes {
  /** Takes more data; what it returns is to be waited for before the next. The data may be reused afterwards. */
  update(data: Uint8Array): Promise<void> | undefined;
  /** The hashes in the order of their algorithms. Ends them. */
  digest(): Promise<readonly Buffer[]>;
  /** Gives up a body that did not end. */
  abandon(): void;
}

/** Hashes on the calling thread. */
export function inlineHashes(algorithms: readonly HashAlgorithm[]): Hashes {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  return {
    update(data) {
      for (const hash of hashes) hash.update(data);
      return undefined;
    },
    digest: async () => hashes.map((hash) => hash.digest()),
    abandon() {},
  };
}
