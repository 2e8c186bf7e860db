import { concatBytes } from "../bytes/bytes.js";

/**
 * The bytes of one piece as they come from its node, up to a bound ahead of the decoder. Positions are offsets within
 * the piece.
 */
export class PieceFeed {
  private readonly cancelled = new AbortController();
  private chunks: Uint8Array[] = [];
  /** Where the first chunk starts, up to where the bytes are not needed any more, and where the last one ends. */
  private start: number;
  private needed: number;
  private end: number;
  private wake: (() => void) | undefined;
  private ended = false;
  /** Why no more bytes come. */
  failure: unknown;
  readonly startedAt = performance.now();
  /** Milliseconds spent waiting for the node, and those of them before the first byte. */
  waitedMs = 0;
  latencyMs: number | undefined;

  constructor(
    readonly piece: number,
    readonly nodeId: Uint8Array,
    private readonly offset: number,
    private readonly bufferBytes: number,
    open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
    private readonly onChange: () => void,
  ) {
    this.start = offset;
    this.needed = offset;
    this.end = offset;
    this.pump(open(this.cancelled.signal)).catch((error: unknown) => {
      this.failure = error;
      this.onChange();
    });
  }

  private async pump(source: AsyncIterable<Uint8Array>): Promise<void> {
    let since = performance.now();
    for await (const chunk of source) {
      const now = performance.now();
      this.waitedMs += now - since;
      this.latencyMs ??= now - since;
      this.chunks.push(chunk);
      this.end += chunk.length;
      this.onChange();
      while (this.end - this.needed >= this.bufferBytes) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      since = performance.now();
    }
    this.ended = true;
  }

  get received(): number {
    return this.end - this.offset;
  }

  /** Whether all bytes up to this position are here. */
  reaches(end: number): boolean {
    return this.end >= end;
  }

  /** Bytes from one position to another; they stay here until `forget`. */
  view(from: number, to: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let at = this.start;
    for (const chunk of this.chunks) {
      if (at >= to) break;
      const part = chunk.subarray(Math.max(from - at, 0), to - at);
      if (part.length > 0) parts.push(part);
      at += chunk.length;
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts);
  }

  /** Lets go of everything before this position. */
  forget(before: number): void {
    this.needed = Math.max(this.needed, before);
    for (
      let chunk = this.chunks[0];
      chunk !== undefined && this.start + chunk.length <= before;
      chunk = this.chunks[0]
    ) {
      this.start += chunk.length;
      this.chunks.shift();
    }
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  cancel(): void {
    // A transfer that came to its end closes in good order.
    if (!this.ended) this.cancelled.abort();
    this.chunks = [];
    this.start = this.end;
    this.forget(this.end);
  }
}
