import { failedPrecondition } from "./errors.js";
import type { SegmentPosition } from "./segment-record.js";

/** What committing an object looks at in each of its segments, in order of (part, index). */
export interface SegmentSizes extends SegmentPosition {
  readonly encryptedSize: number;
  readonly plainOffset: number;
  readonly plainSize: number;
}

export interface SegmentTotals {
  readonly segmentCount: number;
  readonly plainSize: number;
  readonly encryptedSize: number;
  readonly fixedSegmentSize: number;
}

export function totalsOf(segments: readonly SegmentSizes[]): SegmentTotals {
  let plainSize = 0;
  let encryptedSize = 0;
  for (const segment of segments) {
    plainSize += segment.plainSize;
    encryptedSize += segment.encryptedSize;
  }
  return { segmentCount: segments.length, plainSize, encryptedSize, fixedSegmentSize: fixedSizeOf(segments) };
}

/** Plain size of each segment but the last, or -1 when there is no such size or there are parts. */
function fixedSizeOf(segments: readonly SegmentSizes[]): number {
  const first = segments[0];
  if (first === undefined) return 0;
  const regular = segments.every(
    (segment, i) =>
      segment.part === 0 && segment.index === i && (i === segments.length - 1 || segment.plainSize === first.plainSize),
  );
  return regular ? first.plainSize : -1;
}

export interface PartLimits {
  /** Plain bytes that every part but the last must have. */
  readonly minPartSize: number;
  readonly maxParts: number;
}

export function checkParts(segments: readonly SegmentSizes[], limits: PartLimits): void {
  const sizes = new Map<number, number>();
  for (const segment of segments) sizes.set(segment.part, (sizes.get(segment.part) ?? 0) + segment.plainSize);
  if (sizes.size > limits.maxParts) throw failedPrecondition(`exceeded maximum number of parts: ${limits.maxParts}`);
  const last = segments.at(-1)?.part;
  for (const [part, size] of sizes) {
    if (part !== last && size < limits.minPartSize) {
      throw failedPrecondition(
        `size of part number ${part} is below minimum threshold, got: ${sizeText(size)}, min: ${sizeText(limits.minPartSize)}`,
      );
    }
  }
}

/** Bytes as storj/common memory/size.go prints them: "5.0 MiB", "17 B", and "3.00 KB" where powers of ten fit better. */
export function sizeText(bytes: number): string {
  const decimal = trailingZeros(bytes, 1000) > trailingZeros(bytes, 1024);
  const base = decimal ? 1000 : 1024;
  const units = ["K", "M", "G", "T"];
  for (let power = units.length; power > 0; power--) {
    // The next unit begins at two thirds of it.
    const unit = base ** power;
    if (bytes < Math.floor((unit * 2) / 3)) continue;
    return `${(bytes / unit).toFixed(decimal ? 2 : 1)} ${units[power - 1]}${decimal ? "B" : "iB"}`;
  }
  return `${bytes} B`;
}

function trailingZeros(value: number, base: number): number {
  let count = 0;
  for (let rest = value; rest !== 0 && rest % base === 0; rest /= base) count++;
  return count;
}
