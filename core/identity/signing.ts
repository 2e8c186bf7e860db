import type { KeyObject } from "node:crypto";
import { Order, OrderLimit, PieceHash } from "../../proto/gen/orders.js";
import { isZeroTime, type Timestamp } from "../bytes/timestamp.js";
import { PosternError } from "../errors.js";
import type { Identity } from "./identity.js";
import { nodeIdSize } from "./node-id.js";
import { pieceIdSize } from "./piece-id.js";
import { signWithPieceKey, verifyWithPieceKey } from "./piece-key.js";
import { serialNumberSize } from "./serial-number.js";
import { hashAndSign, hashAndVerify } from "./signature.js";

/*
 * What is signed is not what travels: the messages are encoded again, without their signature and without zero times
 * (which Go writes on the wire), with fixed-size ids even when they are zero, and with unknown fields last.
 * Source: storj/common signing/encode.go.
 */

const empty = new Uint8Array(0);

/** What the satellite signs. */
export function orderLimitSigningBytes(limit: OrderLimit): Uint8Array {
  return OrderLimit.encode({
    ...limit,
    serialNumber: fixedSize(limit.serialNumber, serialNumberSize),
    satelliteId: fixedSize(limit.satelliteId, nodeIdSize),
    deprecatedUplinkId: limit.deprecatedUplinkId.some((byte) => byte !== 0) ? limit.deprecatedUplinkId : empty,
    storageNodeId: fixedSize(limit.storageNodeId, nodeIdSize),
    pieceId: fixedSize(limit.pieceId, pieceIdSize),
    pieceExpiration: signedTime(limit.pieceExpiration),
    orderExpiration: signedTime(limit.orderExpiration),
    orderCreation: signedTime(limit.orderCreation),
    satelliteSignature: empty,
  }).finish();
}

/** What the uplink signs for the bytes it pays for. */
export function orderSigningBytes(order: Order): Uint8Array {
  return Order.encode({
    ...order,
    serialNumber: fixedSize(order.serialNumber, serialNumberSize),
    uplinkSignature: empty,
  }).finish();
}

/** What uplink and node sign about a piece. */
export function pieceHashSigningBytes(hash: PieceHash): Uint8Array {
  return PieceHash.encode({
    ...hash,
    pieceId: fixedSize(hash.pieceId, pieceIdSize),
    timestamp: signedTime(hash.timestamp),
    signature: empty,
  }).finish();
}

/** An absent id is a zero id to Go, and Go always writes it. */
function fixedSize(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes;
  if (bytes.length === 0) return new Uint8Array(size);
  throw new PosternError("invalid-argument", "an id or serial number has the wrong length");
}

function signedTime(time: Timestamp | undefined): Timestamp | undefined {
  // Unknown fields of the time itself do not survive Go's time.Time.
  return time === undefined || isZeroTime(time) ? undefined : { seconds: time.seconds, nanos: time.nanos };
}

/** The limit with the satellite's signature. */
export function signOrderLimit(limit: OrderLimit, satellite: Identity): OrderLimit {
  return { ...limit, satelliteSignature: hashAndSign(orderLimitSigningBytes(limit), satellite.privateKey) };
}

/** Whether the satellite with this leaf key signed the limit. Unknown fields are part of what is signed. */
export function verifyOrderLimit(limit: OrderLimit, leafKey: KeyObject): boolean {
  const bytes = attempt(orderLimitSigningBytes, limit);
  return bytes !== undefined && hashAndVerify(bytes, limit.satelliteSignature, leafKey);
}

/** The order with the uplink's signature; the key is BeginSegmentResponse's or DownloadSegmentResponse's. */
export function signOrder(order: Order, piecePrivateKey: Uint8Array): Order {
  return { ...order, uplinkSignature: signWithPieceKey(orderSigningBytes(order), piecePrivateKey) };
}

/** Whether the holder of the piece key (OrderLimit.uplink_public_key) signed the order. Unknown fields are refused. */
export function verifyOrder(order: Order, publicKey: Uint8Array): boolean {
  if (hasUnknownFields(order)) return false;
  const bytes = attempt(orderSigningBytes, order);
  return bytes !== undefined && verifyWithPieceKey(bytes, order.uplinkSignature, publicKey);
}

export function signPieceHashAsUplink(hash: PieceHash, piecePrivateKey: Uint8Array): PieceHash {
  return { ...hash, signature: signWithPieceKey(pieceHashSigningBytes(hash), piecePrivateKey) };
}

/** As `verifyOrder`, for the hash at the end of an upload. */
export function verifyUplinkPieceHash(hash: PieceHash, publicKey: Uint8Array): boolean {
  if (hasUnknownFields(hash)) return false;
  const bytes = attempt(pieceHashSigningBytes, hash);
  return bytes !== undefined && verifyWithPieceKey(bytes, hash.signature, publicKey);
}

export function signPieceHashAsNode(hash: PieceHash, node: Identity): PieceHash {
  return { ...hash, signature: hashAndSign(pieceHashSigningBytes(hash), node.privateKey) };
}

/** Whether the node with this leaf key vouches for the piece. Unknown fields are refused. */
export function verifyNodePieceHash(hash: PieceHash, leafKey: KeyObject): boolean {
  if (hasUnknownFields(hash)) return false;
  const bytes = attempt(pieceHashSigningBytes, hash);
  return bytes !== undefined && hashAndVerify(bytes, hash.signature, leafKey);
}

function hasUnknownFields(message: { _unknownFields?: object | undefined }): boolean {
  for (const _ in message._unknownFields) return true;
  return false;
}

/** A message that has no signing bytes (an id of the wrong length) has no valid signature either. */
function attempt<T>(encode: (message: T) => Uint8Array, message: T): Uint8Array | undefined {
  try {
    return encode(message);
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}
