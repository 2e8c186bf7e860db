import { createNodeDigest } from "./payload/checksum.js";

/** Passes a stream on and computes its MD5 on the way. */
export function hashedStream(source: AsyncIterable<Uint8Array>): {
  readonly body: AsyncIterable<Uint8Array>;
  /** In hexadecimal, once the body has ended. */
  md5(): Promise<string>;
} {
  const hash = createNodeDigest("md5");
  async function* body(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return { body: body(), md5: async () => (await hash.digest()).toString("hex") };
}
