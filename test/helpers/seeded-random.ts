import { createCipheriv, createHash } from "node:crypto";

/** Numbers, choices and bytes that a seed decides. */
export interface SeededRandom {
  /** An integer from 0, below `limit`. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  /** Bytes that look random. */
  bytes(length: number): Buffer;
}

export function seededRandom(seed: string): SeededRandom {
  const key = createHash("sha256").update(seed).digest();
  const stream = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  const bytes = (length: number) => stream.update(Buffer.alloc(length));
  const fraction = () => bytes(4).readUInt32BE() / 2 ** 32;
  return {
    below: (limit) => Math.floor(fraction() * limit),
    chance: (probability) => fraction() < probability,
    pick(values) {
      const value = values[Math.floor(fraction() * values.length)];
      if (value === undefined) throw new RangeError("nothing to pick from");
      return value;
    },
    bytes,
  };
}
