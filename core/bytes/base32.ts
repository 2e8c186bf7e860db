import { PosternError } from "../errors.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648 section 6, upper case, without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((held >>> (bits - 5)) & 31);
    held &= 31;
  }
  return bits > 0 ? text + alphabet.charAt((held << (5 - bits)) & 31) : text;
}

/**
 * Takes either case, no padding. Spare bits of the last character are ignored, as Go's encoding/base32 does.
 * `invalid-argument` for other characters and for lengths that no bytes have.
 */
export function decodeBase32(text: string): Uint8Array {
  const spare = text.length % 8;
  if (spare === 1 || spare === 3 || spare === 6 || /[^A-Za-z2-7]/.test(text)) {
    throw new PosternError("invalid-argument", "invalid base32 text");
  }
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const character of text.toUpperCase()) {
    held = ((held << 5) | alphabet.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[length++] = (held >>> bits) & 0xff;
    }
  }
  return out;
}
