import { randomFillSync } from "node:crypto";

/** Random bytes are drawn for many keys at a time: a call costs more than the bytes. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** Up to 4 096 random bytes, of which nothing stays here. */
export function drawRandom(size: number): Uint8Array {
  if (used + size > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = new Uint8Array(pool.subarray(used, used + size));
  pool.fill(0, used, used + size);
  used += size;
  return bytes;
}
