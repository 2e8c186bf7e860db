import { randomFillSync } from "node:crypto";

/** Random bytes are drawn for many ids at a time: a call costs more than the bytes. */
const pool = Buffer.alloc(8 * 256);
let used = pool.length;

/** 16 upper-case hexadecimal digits: the shape of Amazon's request ids, which people grep for. */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString("hex", used, used + 8).toUpperCase();
  used += 8;
  return id;
}
