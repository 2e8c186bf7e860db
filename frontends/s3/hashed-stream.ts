import type { HashPool } from "./payload/hash-pool.js";

/** Passes a stream of that many bytes on and computes its MD5 on the way. */
export function hashedStream(
  source: AsyncIterable<Uint8Array>,
  length: number,
  pool: HashPool,
): {
  readonly body: AsyncIterable<Uint8Array>;
  /** In hexadecimal, once the body has ended. */
  md5(): string;
} {
  let md5: string | undefined;
  async function* body(): AsyncGenerator<Uint8Array> {
    const hashes = pool.open(["md5"], length);
    try {
      for await (const chunk of source) {
        const wait = hashes.update(chunk);
        if (wait !== undefined) await wait;
        yield chunk;
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
  };
}
