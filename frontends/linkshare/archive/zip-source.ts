import { PassThrough, type Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";
import { PosternError } from "../../../core/index.js";

/** Bytes that can be read in ranges, such as an object. */
export interface ZipSource {
  readonly size: number;
  /** `endExclusive` is at most `size`. */
  read(start: number, endExclusive: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Where directories are read from: one range costs round trips, and most directories fit into the first. */
const windowSize = 512 * 1024;

/**
 * What yauzl reads headers through: it asks for a few bytes a time, which are taken from large ranges. Gives up beyond
 * `maxBytes` in all.
 */
export class WindowReader extends RandomAccessReader {
  private windowStart = 0;
  private window: Buffer = Buffer.alloc(0);
  private total = 0;

  constructor(
    private readonly source: ZipSource,
    private readonly maxBytes: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.fill(position, length).then(
      () =>
        callback(
          null,
          this.window.copy(buffer, offset, position - this.windowStart, position - this.windowStart + length),
        ),
      (error: unknown) => callback(error as Error),
    );
  }

  /** Only the contents of entries are read as streams, and those not through yauzl. */
  override _readStreamForRange(): Readable {
    return new PassThrough().destroy(new PosternError("internal", "entries are not read here"));
  }

  private async fill(position: number, length: number): Promise<void> {
    const end = this.windowStart + this.window.length;
    if (position >= this.windowStart && position + length <= end) return;
    if (position < 0 || position + length > this.source.size) {
      throw new PosternError("corrupt-data", "the zip file points outside of itself");
    }
    // The end of the file is asked for first, of which the directory is mostly a part.
    const start = position + length === this.source.size ? Math.max(0, this.source.size - windowSize) : position;
    const stop = Math.min(this.source.size, Math.max(start + windowSize, position + length));
    this.total += stop - start;
    if (this.total > this.maxBytes)
      throw new PosternError("resource-exhausted", "the zip file's directory is too large");
    const parts: Uint8Array[] = [];
    for await (const chunk of this.source.read(start, stop, this.signal)) parts.push(chunk);
    const bytes = Buffer.concat(parts);
    if (bytes.length !== stop - start) throw new PosternError("corrupt-data", "the zip file is cut short");
    this.windowStart = start;
    this.window = bytes;
  }
}
