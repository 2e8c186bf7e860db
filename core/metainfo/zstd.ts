import { Decompress, decompress } from "fzstd";
import { concatBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";

interface FrameHeader {
  /** Undefined when the frame does not tell. */
  readonly contentSize: number | undefined;
  readonly windowSize: number;
}

/** Reads the header of a zstd frame (RFC 8878 clause 3.1.1.1); undefined when the bytes do not start with one. */
function readFrameHeader(data: Uint8Array): FrameHeader | undefined {
  if (data.length < 6) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== 0xfd2fb528) return undefined;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  const windowByte = view.getUint8(5);
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  if (data.length < at + sizeBytes) return undefined;
  const contentSize = readContentSize(view, at, sizeBytes);
  const windowBase = 2 ** (10 + (windowByte >> 3));
  return {
    contentSize,
    windowSize: singleSegment ? (contentSize ?? 0) : windowBase + (windowBase / 8) * (windowByte & 7),
  };
}

function readContentSize(view: DataView, at: number, bytes: number): number | undefined {
  switch (bytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    case 8:
      return Number(view.getBigUint64(at, true));
    default:
      return undefined;
  }
}

/**
 * Decompresses zstd, refusing more than `limit` bytes before they are allocated.
 * @throws PosternError protocol-error
 */
export function decompressZstd(data: Uint8Array, limit: number): Uint8Array {
  const header = readFrameHeader(data);
  if (header === undefined || (header.contentSize ?? header.windowSize) > limit) {
    throw new PosternError("protocol-error", "compressed reply has an invalid or too large frame");
  }
  try {
    // Into one buffer of the right size: fzstd would else allocate and shift a whole window for every reply.
    if (header.contentSize !== undefined) return decompress(data, new Uint8Array(header.contentSize));
    return decompressInSteps(data, limit);
  } catch (error) {
    throw new PosternError("protocol-error", "compressed reply cannot be read", { cause: error });
  }
}

function decompressInSteps(data: Uint8Array, limit: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  const frames = new Decompress((chunk) => {
    total += chunk.length;
    if (total > limit) throw new RangeError("too large");
    parts.push(chunk);
  });
  frames.push(data, true);
  return concatBytes(...parts);
}
