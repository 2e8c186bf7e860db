import { randomFillSync } from "node:crypto";
import { encodeBase32 } from "../bytes/base32.js";

/** 16 bytes: names the order limits of one upload or download of a segment. */
export type SerialNumber = Uint8Array;

export const serialNumberSize = 16;

/**
 * Eight bytes of the orders' expiration (milliseconds since 1970, kept as big-endian seconds) and eight random ones,
 * so that old serials can be dropped by range. Source: storj/storj satellite/orders/service.go createSerial.
 */
export function newSerialNumber(expirationMs: number): SerialNumber {
  const serial = Buffer.alloc(serialNumberSize);
  serial.writeBigUInt64BE(BigInt(Math.floor(expirationMs / 1000)));
  return randomFillSync(serial, 8);
}

export function serialNumberText(serial: SerialNumber): string {
  return encodeBase32(serial);
}
