/** Position of `part` in `bytes`, or -1. */
export function indexOfBytes(bytes: Uint8Array, part: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(part);
}

/** The bytes up to and including the first delimiter, or undefined when there is none. */
export function cutAfter(bytes: Uint8Array, delimiter: Uint8Array): Uint8Array | undefined {
  const at = indexOfBytes(bytes, delimiter);
  return at < 0 ? undefined : bytes.subarray(0, at + delimiter.length);
}

/** The smallest key greater than all that begin with `prefix`; undefined when there is none (all bytes 0xff). */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix[end - 1]!;
    if (last !== 0xff) {
      const next = Uint8Array.from(prefix.subarray(0, end));
      next[end - 1] = last + 1;
      return next;
    }
  }
  return undefined;
}
