import { randomUUID } from "node:crypto";
import { fromHex } from "../../../core/bytes/bytes.js";

/** 16 bytes of a random (version 4) UUID. */
export function newUuid(): Uint8Array {
  return fromHex(randomUUID().replaceAll("-", ""));
}
