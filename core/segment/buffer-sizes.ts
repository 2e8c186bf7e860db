import type { SegmentLayout } from "./codec.js";
import { layoutSizes, unitPlainBytes } from "./layout.js";

/** What a transfer buffers with a window of so many plain bytes, and the window that so many bytes allow. */
export interface BufferSizes {
  readonly least: number;
  readonly most: number;
  windowOf(reserved: number): number;
}

/** Units of plain bytes that are gathered or being encoded, and of encoded ones on their way to the pieces. */
const plainUnits = 3;
const encodedUnits = 2;
/** Units in the window of the slowest upload. */
const leastUnits = 2;

/** Of the upload of one segment; `windowBytes` is what it may encode ahead of its slowest node. */
export function uploadBufferSizes(layout: SegmentLayout, windowBytes: number): BufferSizes {
  const sizes = layoutSizes(layout);
  const unit = unitPlainBytes(sizes);
  const encoded = Math.ceil((unit * sizes.total) / sizes.required);
  const fixed = plainUnits * unit + encodedUnits * encoded;
  const units = Math.max(leastUnits, Math.ceil(windowBytes / unit));
  return {
    least: fixed + leastUnits * encoded,
    most: fixed + units * encoded,
    windowOf: (reserved) => Math.max(leastUnits, Math.floor((reserved - fixed) / encoded)) * unit,
  };
}

/** Received and decoded bytes; and what is being decoded. */
const copies = 2;
const decodingBytes = 1024 * 1024;
const leastReadAhead = 1024 * 1024;

/** Of a download of `length` plain bytes, which may run `readAheadBytes` ahead of its reader. */
export function downloadBufferSizes(length: number, readAheadBytes: number): BufferSizes {
  const sizeOf = (ahead: number) => copies * Math.min(ahead, length) + Math.min(decodingBytes, copies * length);
  return {
    least: sizeOf(Math.min(leastReadAhead, readAheadBytes)),
    most: sizeOf(readAheadBytes),
    windowOf: (reserved) => {
      const ahead = Math.floor((reserved - decodingBytes) / copies);
      return Math.min(readAheadBytes, Math.max(Math.min(leastReadAhead, readAheadBytes), ahead));
    },
  };
}
