const trailerSize = 4;

/**
 * Bytes to add so that whole blocks result: zeros, then their number with these four bytes, big-endian. At least 4, even
 * when the data fills its blocks. Used before the cipher and again before erasure coding (storj/common encryption/pad.go).
 */
export function paddingSize(length: number, blockSize: number): number {
  const over = (length + trailerSize) % blockSize;
  return trailerSize + (over === 0 ? 0 : blockSize - over);
}

/** The padding itself. */
export function padding(length: number, blockSize: number): Uint8Array {
  const bytes = new Uint8Array(paddingSize(length, blockSize));
  new DataView(bytes.buffer).setUint32(bytes.length - trailerSize, bytes.length);
  return bytes;
}

/** Length with the padding; a multiple of `blockSize`. */
export function paddedSize(length: number, blockSize: number): number {
  return length + paddingSize(length, blockSize);
}
