import { PosternError } from "../errors.js";

/** A 64-bit varint never takes more (protobuf encoding guide, "Base 128 Varints"). */
export const maxVarintBytes = 10;

/** Unsigned LEB128, as in protobuf and DRPC frames: 0 to 2^64 - 1, else `invalid-argument`. */
export function encodeVarint(n: number | bigint): Uint8Array {
  if (typeof n === "number") {
    if (!Number.isSafeInteger(n) || n < 0) throw new PosternError("invalid-argument", "varint out of range");
  } else if (n < 0n || n > 0xffff_ffff_ffff_ffffn) {
    throw new PosternError("invalid-argument", "varint out of range");
  }
  const out: number[] = [];
  if (typeof n === "bigint" && n > BigInt(Number.MAX_SAFE_INTEGER)) {
    let rest = n;
    for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
    out.push(Number(rest));
  } else {
    let rest = Number(n);
    // Division, not shifts: these work on 32 bits only.
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
    out.push(rest);
  }
  return Uint8Array.from(out);
}

/** As `readVarint`, for all 64 bits. What exceeds them in the tenth byte is dropped (storj/drpc drpcwire/varint.go). */
export function readVarint64(buf: Uint8Array, offset: number): { value: bigint; next: number } | undefined {
  let value = 0n;
  for (let i = 0; i < maxVarintBytes; i++) {
    const byte = buf[offset + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: offset + i + 1 };
  }
  throw new PosternError("protocol-error", "varint too long");
}

/**
 * The varint at `offset`, and the offset after it; undefined when the buffer ends first. Encodings longer than needed
 * are accepted, as in Go. `protocol-error` for more than ten bytes and for values above 2^53 - 1.
 */
export function readVarint(buf: Uint8Array, offset: number): { value: number; next: number } | undefined {
  let value = 0;
  let factor = 1;
  for (let i = 0; i < 7; i++) {
    const byte = buf[offset + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: offset + i + 1 };
    factor *= 128;
  }
  const long = readVarint64(buf, offset);
  if (long === undefined) return undefined;
  if (long.value > BigInt(Number.MAX_SAFE_INTEGER)) throw new PosternError("protocol-error", "varint out of range");
  return { value: Number(long.value), next: long.next };
}
