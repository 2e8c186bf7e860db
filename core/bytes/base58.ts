import { PosternError } from "../errors.js";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Longest text that is decoded: far more than any grant, and still a few hundred milliseconds. */
export const maxBase58Length = 1 << 20;

// 58^9 < 2^53: nine digits fit a plain number. Above that, pairs are joined with BigInt, which multiplies large numbers
// in less than quadratic time; a digit-by-digit loop would let a stranger's long text stop the process.
const chunkDigits = 9;

/** 58^(9 * 2^level). */
const powers: bigint[] = [58n ** BigInt(chunkDigits)];
function power(level: number): bigint {
  for (let i = powers.length; i <= level; i++) powers.push(powers[i - 1]! ** 2n);
  return powers[level]!;
}

/** Base58 with the Bitcoin alphabet; every leading zero byte is one leading "1". */
export function encodeBase58(bytes: Uint8Array): string {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  if (zeros === bytes.length) return "1".repeat(zeros);
  const value = BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
  let level = 0;
  while (power(level) <= value) level++;
  return "1".repeat(zeros) + digits(value, level).replace(/^1+/, "");
}

/** The 9 * 2^level digits of a value below `power(level)`. */
function digits(value: bigint, level: number): string {
  if (level > 0) {
    const half = power(level - 1);
    return digits(value / half, level - 1) + digits(value % half, level - 1);
  }
  let text = "";
  let rest = Number(value);
  for (let i = 0; i < chunkDigits; i++) {
    text = alphabet.charAt(rest % 58) + text;
    rest = Math.floor(rest / 58);
  }
  return text;
}

/** `invalid-argument` for characters outside of the alphabet (Go's decoder answers nothing at all) and overlong text. */
export function decodeBase58(text: string): Uint8Array {
  if (text.length > maxBase58Length || /[^1-9A-HJ-NP-Za-km-z]/.test(text)) {
    throw new PosternError("invalid-argument", "invalid base58 text");
  }
  let zeros = 0;
  while (zeros < text.length && text[zeros] === "1") zeros++;
  const value = parseDigits(text.slice(zeros));
  const hex = value === 0n ? "" : value.toString(16);
  const tail = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const out = new Uint8Array(zeros + tail.length);
  out.set(tail, zeros);
  return out;
}

const valueOfCode = new Uint8Array(128);
for (let i = 0; i < alphabet.length; i++) valueOfCode[alphabet.charCodeAt(i)] = i;

function parseDigits(text: string): bigint {
  let parts: bigint[] = [];
  for (let end = text.length; end > 0; end -= chunkDigits) {
    let part = 0;
    for (let i = Math.max(0, end - chunkDigits); i < end; i++) part = part * 58 + valueOfCode[text.charCodeAt(i)]!;
    parts.push(BigInt(part));
  }
  // Least significant first; each round joins neighbours.
  for (let level = 0; parts.length > 1; level++) {
    const joined: bigint[] = [];
    for (let i = 0; i < parts.length; i += 2) {
      const high = parts[i + 1];
      joined.push(high === undefined ? parts[i]! : high * power(level) + parts[i]!);
    }
    parts = joined;
  }
  return parts[0] ?? 0n;
}
