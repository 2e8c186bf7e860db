import { PosternError } from "../errors.js";

/** Reads a body in portions of any size. Chunks are passed on, not copied. Whoever makes one closes it. */
export class ByteReader {
  private readonly iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private readonly chunks: Uint8Array[] = [];
  private buffered = 0;
  private ended = false;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Reads until `count` bytes are there or the body ends; returns how many are there. */
  async fill(count: number): Promise<number> {
    while (this.buffered < count && !this.ended) {
      const next = await this.iterator.next();
      if (next.done) {
        this.ended = true;
      } else {
        if (!(next.value instanceof Uint8Array))
          throw new PosternError("invalid-argument", "body chunks are not bytes");
        if (next.value.length > 0) this.chunks.push(next.value);
        this.buffered += next.value.length;
      }
    }
    return this.buffered;
  }

  /** Some of the bytes that are there, at most `max`; undefined when there are none. Never waits. */
  take(max = Number.POSITIVE_INFINITY): Uint8Array | undefined {
    const chunk = this.chunks[0];
    if (chunk === undefined || max <= 0) return undefined;
    if (chunk.length <= max) {
      this.chunks.shift();
      this.buffered -= chunk.length;
      return chunk;
    }
    this.chunks[0] = chunk.subarray(max);
    this.buffered -= max;
    return chunk.subarray(0, max);
  }

  /** The next bytes, at most `max`; undefined at the end of the body. */
  async read(max: number): Promise<Uint8Array | undefined> {
    await this.fill(1);
    return this.take(max);
  }

  /** Lets the body go: an unfinished source is told. */
  async close(): Promise<void> {
    this.chunks.length = 0;
    this.buffered = 0;
    if (this.ended) return;
    this.ended = true;
    await this.iterator.return?.();
  }
}
