import { utf8, utf8Text } from "../../bytes/bytes.js";

/** Body of an Error packet: the status as 8 bytes, big endian, then the text (storj/drpc drpcwire/error.go). */
export function encodeErrorBody(status: number, message: string): Uint8Array {
  const text = utf8(message);
  const body = new Uint8Array(8 + text.length);
  new DataView(body.buffer).setBigUint64(0, BigInt(status));
  body.set(text, 8);
  return body;
}

/** Never fails: a body too short for a status is text of status 0. Statuses above 2^53 lose their low bits. */
export function decodeErrorBody(body: Uint8Array): { status: number; message: string } {
  if (body.length < 8) return { status: 0, message: `${utf8Text(body)} (invalid error data)` };
  const status = new DataView(body.buffer, body.byteOffset, body.byteLength).getBigUint64(0);
  return { status: Number(status), message: utf8Text(body.subarray(8)) };
}
