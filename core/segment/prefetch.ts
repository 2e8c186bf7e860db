/** Runs ahead of its reader by about `bytes`. Starts at once; whoever makes one reads it to the end or closes it. */
export class Prefetch {
  private readonly queue: Uint8Array[] = [];
  private queued = 0;
  private ended = false;
  private error: unknown;
  private wakeReader: (() => void) | undefined;
  private wakeSource: (() => void) | undefined;
  private readonly source: AsyncIterator<Uint8Array>;

  constructor(
    source: AsyncIterable<Uint8Array>,
    private readonly bytes: number,
  ) {
    this.source = source[Symbol.asyncIterator]();
    void this.pump();
  }

  private async pump(): Promise<void> {
    try {
      while (!this.ended) {
        const { done, value } = await this.source.next();
        if (done || this.ended) break;
        this.queue.push(value);
        this.queued += value.length;
        this.wakeReader?.();
        while (this.queued >= this.bytes && !this.ended) {
          await new Promise<void>((resolve) => {
            this.wakeSource = resolve;
          });
        }
      }
    } catch (error) {
      this.error = error;
    }
    this.ended = true;
    this.wakeReader?.();
  }

  /** The next bytes, or undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.queue.length === 0) {
      if (this.error !== undefined) throw this.error;
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => {
        this.wakeReader = resolve;
      });
    }
    const chunk = this.queue.shift() as Uint8Array;
    this.queued -= chunk.length;
    if (this.queued < this.bytes) this.wakeSource?.();
    return chunk;
  }

  /** Ends the source too. With an error, whoever reads on gets that. */
  close(error?: unknown): void {
    this.ended = true;
    this.error ??= error;
    this.queue.length = 0;
    this.wakeSource?.();
    this.wakeReader?.();
    void Promise.resolve(this.source.return?.()).catch(() => undefined); // nobody reads any more
  }
}
