import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { createCRC32, createCRC64, type IHasher } from "hash-wasm";

/** A hash that is fed in order. */
export interface Digest {
  update(data: Uint8Array): void;
  digest(): Buffer;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
export const checksumAlgorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** Bytes of a checksum. */
export const checksumSize: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

export async function createChecksum(algorithm: ChecksumAlgorithm): Promise<Digest> {
  switch (algorithm) {
    case "CRC32":
      return createCrc32();
    case "CRC32C":
      return pooled("CRC32C", () => createCRC32(0x82f63b78));
    case "CRC64NVME":
      // Reflected form of the polynomial AD93D23594C93659 of the NVMe base specification.
      return pooled("CRC64NVME", () => createCRC64("9a6c9329ac4bc9b5"));
    case "SHA1":
      return createNodeDigest("sha1");
    case "SHA256":
      return createNodeDigest("sha256");
  }
}

function createNodeDigest(algorithm: "sha1" | "sha256"): Digest {
  const hash = createHash(algorithm);
  return { update: (data) => void hash.update(data), digest: () => hash.digest() };
}

function createCrc32(): Digest {
  let value = 0;
  return {
    update(data) {
      value = crc32(data, value);
    },
    digest() {
      const out = Buffer.allocUnsafe(4);
      out.writeUInt32BE(value);
      return out;
    },
  };
}

/** WebAssembly instances are worth keeping: each has its own memory and tables. */
const idle = new Map<ChecksumAlgorithm, IHasher[]>();
const mostIdle = 32;

async function pooled(algorithm: ChecksumAlgorithm, create: () => Promise<IHasher>): Promise<Digest> {
  let spare = idle.get(algorithm);
  if (spare === undefined) {
    spare = [];
    idle.set(algorithm, spare);
  }
  const hasher = spare.pop() ?? (await create());
  const home = spare;
  hasher.init();
  return {
    update: (data) => void hasher.update(data),
    digest() {
      const value = Buffer.from(hasher.digest("binary"));
      if (home.length < mostIdle) home.push(hasher);
      return value;
    },
  };
}
