import { readVarint } from "../../bytes/varint.js";

/** Packet kinds (storj/drpc drpcwire/packet.go). */
export const Kind = {
  Invoke: 1,
  Message: 2,
  Error: 3,
  Cancel: 4,
  Close: 5,
  CloseSend: 6,
  InvokeMetadata: 7,
} as const;
export type Kind = number;

/** A frame without its data. */
export interface FrameHeader {
  readonly stream: number;
  readonly message: number;
  readonly kind: Kind;
  /** Last frame of its packet. */
  readonly done: boolean;
  /** Receivers ignore a packet of unknown kind with this flag. */
  readonly control: boolean;
  /** Bytes of data after the header. */
  readonly length: number;
}

export interface Frame {
  readonly header: FrameHeader;
  readonly data: Uint8Array;
}

/** Control byte and three varints. Ids of more than 53 bits are refused, so the varints take at most 8, 8 and 8. */
export const maxFrameHeaderBytes = 1 + 10 + 10 + 10;

/**
 * The frame header at `offset` and the offset of its data; undefined when more bytes are needed.
 * Throws `protocol-error` (storj/drpc drpcwire/packet.go ParseFrame).
 */
export function parseFrameHeader(buf: Uint8Array, offset: number): { header: FrameHeader; next: number } | undefined {
  const control = buf[offset];
  if (control === undefined) return undefined;
  const stream = readVarint(buf, offset + 1);
  if (stream === undefined) return undefined;
  const message = readVarint(buf, stream.next);
  if (message === undefined) return undefined;
  const length = readVarint(buf, message.next);
  if (length === undefined) return undefined;
  return {
    header: {
      stream: stream.value,
      message: message.value,
      kind: (control >> 1) & 0x3f,
      done: (control & 0x01) !== 0,
      control: (control & 0x80) !== 0,
      length: length.value,
    },
    next: length.next,
  };
}

/** The frame at `offset` and the offset after it; undefined when more bytes are needed. Throws `protocol-error`. */
export function parseFrame(buf: Uint8Array, offset: number): { frame: Frame; next: number } | undefined {
  const parsed = parseFrameHeader(buf, offset);
  if (parsed === undefined || buf.length - parsed.next < parsed.header.length) return undefined;
  const next = parsed.next + parsed.header.length;
  return { frame: { header: parsed.header, data: buf.subarray(parsed.next, next) }, next };
}

export function controlByte(kind: Kind, done: boolean, control: boolean): number {
  return (kind << 1) | (done ? 0x01 : 0) | (control ? 0x80 : 0);
}

/** Writes a varint (0 to 2^53 - 1) and gives the offset after it. */
export function writeVarint(out: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}

/** Writes a frame header and gives the offset of its data. Needs up to `maxFrameHeaderBytes` of room. */
export function writeFrameHeader(
  out: Uint8Array,
  offset: number,
  control: number,
  stream: number,
  message: number,
  length: number,
): number {
  out[offset] = control;
  let at = writeVarint(out, offset + 1, stream);
  at = writeVarint(out, at, message);
  return writeVarint(out, at, length);
}
