import { createHmac, randomBytes } from "node:crypto";
import { concatBytes, timingSafeEqualBytes } from "../bytes/bytes.js";
import { encodeVarint, readVarint } from "../bytes/varint.js";
import { PosternError } from "../errors.js";

/** A macaroon with first-party caveats only. Immutable; caveats are kept as they came, for the tail covers their bytes. */
export interface Macaroon {
  /** Names the key at the satellite: 32 random bytes. */
  readonly head: Uint8Array;
  readonly caveats: readonly Uint8Array[];
  /** HMAC-SHA256 over the last caveat, keyed by the tail before it. */
  readonly tail: Uint8Array;
}

// Packet types of libmacaroons' version 2 format (storj/common macaroon/serialize.go).
const formatVersion = 2;
const endOfSection = 0;
const locationType = 1;
const identifierType = 2;
const verificationIdType = 4;
const signatureType = 6;

const tailSize = 32;
const headSize = 32;

/** An unrestricted macaroon; `head` is random when absent. */
export function newMacaroon(secret: Uint8Array, head: Uint8Array = randomBytes(headSize)): Macaroon {
  return { head, caveats: [], tail: sign(secret, head) };
}

/** A further restricted macaroon. Needs no secret. */
export function addCaveat(macaroon: Macaroon, caveat: Uint8Array): Macaroon {
  return {
    head: macaroon.head,
    caveats: [...macaroon.caveats, caveat],
    tail: sign(macaroon.tail, caveat),
  };
}

/** Tails after no, one, two ... caveats: what revocation goes by. */
export function tailsOf(macaroon: Macaroon, secret: Uint8Array): Uint8Array[] {
  const tails = [sign(secret, macaroon.head)];
  for (const caveat of macaroon.caveats) tails.push(sign(tails.at(-1)!, caveat));
  return tails;
}

/** Whether the macaroon was made from this secret; compares in constant time. */
export function validateMacaroon(macaroon: Macaroon, secret: Uint8Array): boolean {
  return timingSafeEqualBytes(tailsOf(macaroon, secret).at(-1)!, macaroon.tail);
}

export function serializeMacaroon(macaroon: Macaroon): Uint8Array {
  const end = Uint8Array.of(endOfSection);
  return concatBytes(
    Uint8Array.of(formatVersion),
    packet(identifierType, macaroon.head),
    end,
    ...macaroon.caveats.flatMap((caveat) => [packet(identifierType, caveat), end]),
    end,
    packet(signatureType, macaroon.tail),
  );
}

/**
 * Parses a binary macaroon; `invalid-argument` for what Go refuses. Locations and verification ids are dropped, bytes
 * after the signature ignored.
 */
export function parseMacaroon(bytes: Uint8Array): Macaroon {
  if (bytes.length < 2) throw invalid("empty macaroon");
  if (bytes[0] !== formatVersion) throw invalid("invalid macaroon version");
  const header = parseSection(bytes, 1);
  const [head, ...others] = withoutLocation(header.packets);
  if (head?.type !== identifierType || others.length > 0) throw invalid("invalid macaroon header");

  const caveats: Uint8Array[] = [];
  let offset = header.next;
  for (;;) {
    const section = parseSection(bytes, offset);
    offset = section.next;
    if (section.packets.length === 0) break;
    const [identifier, verification, ...rest] = withoutLocation(section.packets);
    if (identifier?.type !== identifierType) throw invalid("caveat without identifier");
    if (rest.length > 0) throw invalid("extra fields in caveat");
    if (verification !== undefined && verification.type !== verificationIdType)
      throw invalid("invalid field in caveat");
    caveats.push(identifier.data.slice());
  }

  const signature = parsePacket(bytes, offset);
  if (signature.type !== signatureType) throw invalid("field in place of the signature");
  if (signature.data.length !== tailSize) throw invalid("signature of unexpected length");
  return { head: head.data.slice(), caveats, tail: signature.data.slice() };
}

interface Packet {
  readonly type: number;
  readonly data: Uint8Array;
  readonly next: number;
}

function parseSection(bytes: Uint8Array, start: number): { packets: Packet[]; next: number } {
  const packets: Packet[] = [];
  let offset = start;
  for (;;) {
    if (offset >= bytes.length) throw invalid("section extends past the end");
    const parsed = parsePacket(bytes, offset);
    offset = parsed.next;
    if (parsed.type === endOfSection) return { packets, next: offset };
    if (parsed.type <= (packets.at(-1)?.type ?? 0)) throw invalid("fields out of order");
    packets.push(parsed);
  }
}

function parsePacket(bytes: Uint8Array, offset: number): Packet {
  const type = parseSmallVarint(bytes, offset);
  if (type.value === endOfSection) return { type: endOfSection, data: new Uint8Array(0), next: type.next };
  const length = parseSmallVarint(bytes, type.next);
  const next = length.next + length.value;
  if (next > bytes.length) throw invalid("field out of bounds");
  return { type: type.value, data: bytes.subarray(length.next, next), next };
}

function parseSmallVarint(bytes: Uint8Array, offset: number): { value: number; next: number } {
  let varint: ReturnType<typeof readVarint>;
  try {
    varint = readVarint(bytes, offset);
  } catch (cause) {
    throw invalid("invalid varint", cause);
  }
  // Go refuses bits beyond the 64th, which our reader drops.
  if (varint === undefined || varint.value > 0x7fff_ffff || (varint.next - offset === 10 && bytes[offset + 9] !== 0)) {
    throw invalid("invalid varint");
  }
  return varint;
}

function withoutLocation(packets: readonly Packet[]): readonly Packet[] {
  return packets[0]?.type === locationType ? packets.slice(1) : packets;
}

function packet(type: number, data: Uint8Array): Uint8Array {
  return concatBytes(encodeVarint(type), encodeVarint(data.length), data);
}

function sign(key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(data).digest());
}

function invalid(message: string, cause?: unknown): PosternError {
  return new PosternError("invalid-argument", message, { cause });
}
