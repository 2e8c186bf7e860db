import type { ByteRange } from "../../core/index.js";

/**
 * Parses a Range header. Undefined for what S3 ignores: other units, several ranges, and nonsense (RFC 9110 section
 * 14.2 lets a server ignore any).
 */
export function parseRange(text: string | undefined): ByteRange | undefined {
  const match = /^bytes=\s*(\d{0,16})\s*-\s*(\d{0,16})\s*$/.exec(text ?? "");
  if (match === null) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (first === "") return last === "" ? undefined : { suffix: Math.min(Number(last), Number.MAX_SAFE_INTEGER) };
  const start = Number(first);
  if (start > Number.MAX_SAFE_INTEGER) return { start: Number.MAX_SAFE_INTEGER };
  if (last === "") return { start };
  const end = Math.min(Number(last), Number.MAX_SAFE_INTEGER - 1) + 1;
  return end <= start ? undefined : { start, end };
}

/** Cuts a range to an object's size; undefined when nothing of it is left (416). */
export function resolveRange(range: ByteRange, size: number): { offset: number; length: number } | undefined {
  if ("suffix" in range) {
    const length = Math.min(range.suffix, size);
    return length === 0 ? undefined : { offset: size - length, length };
  }
  if (range.start >= size) return undefined;
  return { offset: range.start, length: Math.min(range.end ?? size, size) - range.start };
}
