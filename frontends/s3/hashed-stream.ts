import type { ObjectChecksum } from "./checksums/object-checksum.js";
import { type ChecksumAlgorithm, createChecksum, type Digest } from "./payload/checksum.js";
import type { HashPool } from "./payload/hash-pool.js";

export interface HashedStream {
  readonly body: AsyncIterable<Uint8Array>;
  /** In hexadecimal, once the body has ended. */
  md5(): string;
  /** Once the body has ended; undefined when none was asked for. */
  checksum(): ObjectChecksum | undefined;
}

/** Passes a stream of that many bytes on and computes its MD5 on the way, and a checksum if an algorithm is named. */
export function hashedStream(
  source: AsyncIterable<Uint8Array>,
  length: number,
  pool: HashPool,
  algorithm?: ChecksumAlgorithm,
): HashedStream {
  let md5: string | undefined;
  let checksum: ObjectChecksum | undefined;
  async function* body(): AsyncGenerator<Uint8Array> {
    const hashes = pool.open(["md5"], length);
    try {
      const digest: Digest | undefined = algorithm === undefined ? undefined : await createChecksum(algorithm);
      for await (const chunk of source) {
        digest?.update(chunk);
        const wait = hashes.update(chunk);
        if (wait !== undefined) await wait;
        yield chunk;
      }
      if (algorithm !== undefined && digest !== undefined) {
        checksum = { algorithm, type: "FULL_OBJECT", value: digest.digest().toString("base64") };
      }
      md5 = (await hashes.digest())[0]!.toString("hex");
    } finally {
      hashes.abandon();
    }
  }
  return {
    body: body(),
    md5() {
      if (md5 === undefined) throw new Error("the stream has not ended yet");
      return md5;
    },
    checksum: () => checksum,
  };
}
