import { createHmac } from "node:crypto";
import { decodeBase32, encodeBase32 } from "../bytes/base32.js";
import { PosternError } from "../errors.js";
import type { NodeId } from "./node-id.js";

/** 32 bytes. The root id of a segment is random and stays at the satellite. */
export type PieceId = Uint8Array;

export const pieceIdSize = 32;

/**
 * Id of a segment's piece at one node. `pieceNumber` is a signed 32-bit number.
 * Source: storj/common storj/pieceid.go Derive.
 */
export function derivePieceId(root: PieceId, nodeId: NodeId, pieceNumber: number): PieceId {
  const number = Buffer.alloc(4);
  number.writeInt32BE(pieceNumber);
  return createHmac("sha512", root).update(nodeId).update(number).digest().subarray(0, pieceIdSize);
}

/** Base32, upper case, without padding. */
export function pieceIdText(id: PieceId): string {
  return encodeBase32(id);
}

export function parsePieceId(text: string): PieceId {
  const id = decodeBase32(text);
  if (id.length !== pieceIdSize) throw new PosternError("invalid-argument", "a piece id has 32 bytes");
  return id;
}
