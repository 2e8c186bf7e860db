import { concatBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";

/** ASN.1 tags that X.509 certificates of the network use (ITU-T X.690). */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  printableString: 0x13,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific and constructed: [n] EXPLICIT. */
  explicit: (n: number): number => 0xa0 | n,
} as const;

/** One DER element: tag, definite length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : longHeader(tag, length);
  return concatBytes(Uint8Array.from(header), ...content);
}

function longHeader(tag: number, length: number): number[] {
  if (length > 0xffff) throw new PosternError("internal", "DER element too long");
  return [tag, 0x82, length >> 8, length & 0xff];
}

/** A non-negative INTEGER of big-endian magnitude: no needless zeros, one when the top bit is set. */
export function derUnsigned(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  return der(derTag.integer, (digits[0] ?? 0) & 0x80 ? Uint8Array.of(0) : new Uint8Array(0), digits);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift((high & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(derTag.oid, Uint8Array.from(bytes));
}

export interface DerElement {
  readonly tag: number;
  /** Bytes of the content. */
  readonly content: Uint8Array;
  /** The element with its header. */
  readonly whole: Uint8Array;
  /** Offset after the element. */
  readonly end: number;
}

/** The element at `offset`. `protocol-error` for what is not DER with a single-byte tag, or is cut short. */
export function readDer(bytes: Uint8Array, offset = 0): DerElement {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw malformed();
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const size = first & 0x7f;
    if (size === 0 || size > 3) throw malformed();
    length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + (bytes[start + i] ?? 0);
    start += size;
    // X.690 10.1: the shortest form is the only one.
    if (length < 0x80 || (size > 1 && length < 256 ** (size - 1))) throw malformed();
  }
  const end = start + length;
  if (end > bytes.length) throw malformed();
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end), end };
}

/** All elements of a SEQUENCE's (SET's, EXPLICIT's) content. */
export function readDerList(content: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  for (let offset = 0; offset < content.length; ) {
    const element = readDer(content, offset);
    elements.push(element);
    offset = element.end;
  }
  return elements;
}

function malformed(): PosternError {
  return new PosternError("protocol-error", "malformed DER");
}
