import { PosternError } from "../../../core/errors.js";

/** Reads a download in runs of given sizes. What it was given is copied before the next is asked for. */
export class RunReader {
  private rest: Uint8Array = new Uint8Array(0);

  constructor(private readonly source: AsyncGenerator<Uint8Array, void, undefined>) {}

  async read(size: number): Promise<Uint8Array> {
    const run = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      if (this.rest.length === 0) {
        const next = await this.source.next();
        if (next.done) throw new PosternError("protocol-error", "piece ended early");
        this.rest = next.value;
      }
      const part = this.rest.subarray(0, size - filled);
      run.set(part, filled);
      filled += part.length;
      this.rest = this.rest.subarray(part.length);
    }
    return run;
  }

  /** Ends the download, in good order when all was read. */
  async close(): Promise<void> {
    await this.source.return();
  }
}
