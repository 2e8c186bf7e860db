import { crc32 } from "node:zlib";
import type { Timestamp } from "../../core/bytes/timestamp.js";
import { type NodeId, nodeIdText, parseNodeId } from "../../core/identity/node-id.js";
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

/** Satellite and window of a file of unsent orders by its name, or undefined for other files. */
export function windowOfFileName(name: string): { satelliteId: NodeId; windowMs: number } | undefined {
  const match = /^unsent-orders-([0-9A-Za-z]+)-([0-9]{1,19})\.v1$/.exec(name);
  if (match === null) return undefined;
  try {
    return { satelliteId: parseNodeId(match[1]!), windowMs: Number(BigInt(match[2]!) / 1_000_000n) };
  } catch {
    return undefined;
  }
}

export type SettlementStatus = "ACCEPTED" | "REJECTED";

/** "archived-orders-SATELLITE-HOUR-ARCHIVED-STATUS.v1", both times in nanoseconds. */
export function archivedFileName(
  satelliteId: NodeId,
  windowMs: number,
  archivedMs: number,
  status: SettlementStatus,
): string {
  const [hour, archived] = [windowMs, archivedMs].map((ms) => BigInt(ms) * 1_000_000n);
  return `archived-orders-${nodeIdText(satelliteId)}-${hour}-${archived}-${status}.v1`;
}

/** When a file of settled orders was archived (ms since 1970), or undefined for other files. */
export function archivedAtOfFileName(name: string): number | undefined {
  const match = /^archived-orders-[0-9A-Za-z]+-[0-9]{1,19}-([0-9]{1,19})-(?:ACCEPTED|REJECTED)\.v1$/.exec(name);
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

/** Satellite and window of a file of orders by its first `ordersFileHeaderSize` bytes; undefined for other files. */
export function decodeFileHeader(header: Uint8Array): { satelliteId: NodeId; windowMs: number } | undefined {
  const bytes = bufferOf(header);
  if (bytes.length < ordersFileHeaderSize || !bytes.subarray(0, 8).equals(fileMagic)) return undefined;
  const windowMs = Number(bytes.readBigUInt64LE(40) / 1_000_000n);
  return { satelliteId: Uint8Array.from(bytes.subarray(8, 40)), windowMs };
}

export interface DecodedEntries {
  readonly entries: readonly OrderEntry[];
  /** Runs of bytes that are no entry: a crash cuts the last entry, and the next is written right after it. */
  readonly damaged: number;
  /** Where the bytes that are not used yet begin; they are fewer than an entry can have. */
  readonly next: number;
}

/**
 * The entries in some bytes of a file that begin with an entry. What is damaged is skipped up to the next entry's
 * magic. With `last`, nothing follows these bytes, and what is incomplete is damaged.
 */
export function decodeEntries(some: Uint8Array, last: boolean): DecodedEntries {
  const bytes = bufferOf(some);
  const entries: OrderEntry[] = [];
  let damaged = 0;
  let offset = 0;
  while (offset < bytes.length) {
    const read = decodeEntry(bytes, offset);
    if (read === "more" && !last) break;
    if (typeof read === "object") {
      entries.push(read.entry);
      offset = read.end;
      continue;
    }
    damaged++;
    const next = bytes.indexOf(entryMagic, offset + 1);
    // The magic of the next entry may have been cut as well.
    offset = next >= 0 ? next : last ? bytes.length : Math.max(offset + 1, bytes.length - entryMagic.length + 1);
  }
  return { entries, damaged, next: offset };
}

function decodeEntry(bytes: Buffer, start: number): { entry: OrderEntry; end: number } | "more" | "damaged" {
  const magic = bytes.subarray(start, start + entryMagic.length);
  if (!magic.equals(entryMagic.subarray(0, magic.length))) return "damaged";
  const limit = readMessage(bytes, start + entryMagic.length);
  if (typeof limit === "string") return limit;
  const order = readMessage(bytes, limit.end);
  if (typeof order === "string") return order;
  const end = order.end + 4 + entryEnd.length;
  if (end > bytes.length) return "more";
  if (!bytes.subarray(order.end + 4, end).equals(entryEnd)) return "damaged";
  if (bytes.readUInt32LE(order.end) !== crc32(bytes.subarray(start + entryMagic.length, order.end))) return "damaged";
  return { entry: { limit: OrderLimit.decode(limit.bytes), order: Order.decode(order.bytes) }, end };
}

function readMessage(bytes: Buffer, offset: number): { bytes: Buffer; end: number } | "more" | "damaged" {
  if (offset + 2 > bytes.length) return "more";
  const length = bytes.readUInt16LE(offset);
  if (length > maxMessageSize) return "damaged";
  const end = offset + 2 + length;
  return end > bytes.length ? "more" : { bytes: bytes.subarray(offset + 2, end), end };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
