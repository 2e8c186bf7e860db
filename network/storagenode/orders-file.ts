import { crc32 } from "node:zlib";
import type { Timestamp } from "../../core/bytes/timestamp.js";
import { type NodeId, nodeIdText } from "../../core/identity/node-id.js";
import { Order, OrderLimit } from "../../proto/gen/orders.js";

/*
 * The real node's file of orders that are to be settled, version 1 (storj/storj storagenode/orders/ordersfile/v1.go):
 *
 *   file magic (8) | satellite id (32) | hour (8, nanoseconds since 1970, little-endian) | entries
 *   entry: magic (8) | length (2, little-endian) | OrderLimit | length (2) | Order | CRC-32 (4) of both with lengths | end (8)
 */

const fileMagic = Buffer.from("0ddba11acc01ade5", "hex");
const entryMagic = Buffer.from("5ca1ab1eba5eba11", "hex");
const entryEnd = Buffer.from("feed1f00d1c0ffee", "hex");

export const ordersFileHeaderSize = 48;

const hourMs = 3_600_000;

/** Limits and orders larger than this are not written by anyone (storj/storj ordersfile/common.go). */
const maxMessageSize = 32 * 1024;

export interface OrderEntry {
  readonly limit: OrderLimit;
  readonly order: Order;
}

/** Start (ms since 1970) of the hour in which a limit was created: orders are settled by it. */
export function ordersWindow(creation: Timestamp | undefined): number {
  return Math.floor((creation?.seconds ?? 0) / 3600) * hourMs;
}

/** "unsent-orders-SATELLITE-HOUR.v1", the hour in nanoseconds. */
export function unsentFileName(satelliteId: NodeId, windowMs: number): string {
  return `unsent-orders-${nodeIdText(satelliteId)}-${BigInt(windowMs) * 1_000_000n}.v1`;
}

/** Window of a file by its name, or undefined for other files. */
export function windowOfFileName(name: string): number | undefined {
  const match = /^unsent-orders-[0-9A-Za-z]+-([0-9]{1,19})\.v1$/.exec(name);
  return match === null ? undefined : Number(BigInt(match[1]!) / 1_000_000n);
}

export function encodeFileHeader(satelliteId: NodeId, windowMs: number): Uint8Array {
  const hour = Buffer.alloc(8);
  hour.writeBigUInt64LE(BigInt(windowMs) * 1_000_000n);
  return Buffer.concat([fileMagic, satelliteId, hour]);
}

export function encodeEntry({ limit, order }: OrderEntry): Uint8Array {
  const body = Buffer.concat([withLength(OrderLimit.encode(limit).finish()), withLength(Order.encode(order).finish())]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body));
  return Buffer.concat([entryMagic, body, checksum, entryEnd]);
}

function withLength(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Entries of a file. What is damaged (a crash cuts the last entry) is skipped to the next entry's magic, and counted.
 * Undefined when the file is not one of orders.
 */
export function decodeOrdersFile(
  file: Uint8Array,
): { satelliteId: NodeId; windowMs: number; entries: OrderEntry[]; damaged: number } | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < ordersFileHeaderSize || !bytes.subarray(0, 8).equals(fileMagic)) return undefined;
  const entries: OrderEntry[] = [];
  let damaged = 0;
  let offset = ordersFileHeaderSize;
  while (offset < bytes.length) {
    const read = decodeEntry(bytes, offset);
    if (read !== undefined) {
      entries.push(read.entry);
      offset = read.end;
      continue;
    }
    damaged++;
    const next = bytes.indexOf(entryMagic, offset + 1);
    if (next < 0) break;
    offset = next;
  }
  const windowMs = Number(bytes.readBigUInt64LE(40) / 1_000_000n);
  return { satelliteId: Uint8Array.from(bytes.subarray(8, 40)), windowMs, entries, damaged };
}

function decodeEntry(bytes: Buffer, start: number): { entry: OrderEntry; end: number } | undefined {
  if (!bytes.subarray(start, start + 8).equals(entryMagic)) return undefined;
  const limit = readMessage(bytes, start + 8);
  const order = limit && readMessage(bytes, limit.end);
  if (order === undefined || limit === undefined || order.end + 12 > bytes.length) return undefined;
  if (!bytes.subarray(order.end + 4, order.end + 12).equals(entryEnd)) return undefined;
  if (bytes.readUInt32LE(order.end) !== crc32(bytes.subarray(start + 8, order.end))) return undefined;
  const entry = { limit: OrderLimit.decode(limit.bytes), order: Order.decode(order.bytes) };
  return { entry, end: order.end + 12 };
}

function readMessage(bytes: Buffer, offset: number): { bytes: Buffer; end: number } | undefined {
  if (offset + 2 > bytes.length) return undefined;
  const length = bytes.readUInt16LE(offset);
  const end = offset + 2 + length;
  if (length > maxMessageSize || end > bytes.length) return undefined;
  return { bytes: bytes.subarray(offset + 2, end), end };
}
