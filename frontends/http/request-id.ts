import { randomBytes } from "node:crypto";

/** 16 upper-case hexadecimal digits: the shape of Amazon's request ids, which people grep for. */
export function newRequestId(): string {
  return randomBytes(8).toString("hex").toUpperCase();
}
