import type { FileHandle } from "node:fs/promises";

/**
 * Writes all parts, at the file's own position when none is given. A single writev may stop early, for example where
 * the disk is full; the next one then says why.
 */
export async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position?: number): Promise<void> {
  let rest = parts;
  let at = position;
  for (;;) {
    const total = rest.reduce((sum, part) => sum + part.length, 0);
    if (total === 0) return;
    const { bytesWritten } = await file.writev(rest, at);
    if (bytesWritten === total) return;
    rest = skipBytes(rest, bytesWritten);
    if (at !== undefined) at += bytesWritten;
  }
}

function skipBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const part of parts) {
    if (skip < part.length) rest.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}
