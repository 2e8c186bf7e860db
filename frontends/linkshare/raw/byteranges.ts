import { randomBytes } from "node:crypto";
import type { Span } from "./ranges.js";

/** A multipart/byteranges body (RFC 9110 section 14.6). */
export interface ByteRanges {
  readonly contentType: string;
  /** Of the whole body. */
  readonly length: number;
  stream(open: (span: Span) => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

export function byteRanges(spans: readonly Span[], type: string, size: number): ByteRanges {
  const boundary = randomBytes(30).toString("hex");
  const heads = spans.map((span, i) =>
    Buffer.from(
      `${i === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Range: ${contentRange(span, size)}\r\nContent-Type: ${type}\r\n\r\n`,
      "latin1",
    ),
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const bodies = spans.reduce((sum, { length }) => sum + length, 0);
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    length: heads.reduce((sum, head) => sum + head.length, bodies + tail.length),
    async *stream(open) {
      for (const [i, span] of spans.entries()) {
        yield heads[i]!;
        yield* open(span);
      }
      yield tail;
    },
  };
}

export function contentRange({ offset, length }: Span, size: number): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`;
}
