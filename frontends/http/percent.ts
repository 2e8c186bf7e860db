/**
 * Percent encoding, on text whose characters are bytes ("latin1" in Node), so that nothing depends on a key being
 * valid UTF-8. The rules are those of Signature Version 4: RFC 3986 section 2.3's unreserved characters stay, all
 * others become %XX in upper case.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (UriEncode)
 */

const unreserved = /[A-Za-z0-9\-._~]/;
const escapes = Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  return unreserved.test(char) ? char : `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
});
const plain = /^[A-Za-z0-9\-._~]*$/;
const plainPath = /^[A-Za-z0-9\-._~/]*$/;

/** Encodes bytes-as-characters; "/" too. */
export function encodeBytes(latin1: string): string {
  if (plain.test(latin1)) return latin1;
  let out = "";
  for (let i = 0; i < latin1.length; i++) out += escapes[latin1.charCodeAt(i) & 0xff];
  return out;
}

/** The same with "/" left as it is. */
export function encodePathBytes(latin1: string): string {
  if (plainPath.test(latin1)) return latin1;
  let out = "";
  for (let i = 0; i < latin1.length; i++) {
    const code = latin1.charCodeAt(i) & 0xff;
    out += code === 0x2f ? "/" : escapes[code];
  }
  return out;
}

/** Decodes %XX to bytes-as-characters; undefined when an escape is broken. "+" stays. */
export function decodeBytes(encoded: string): string | undefined {
  if (!encoded.includes("%")) return encoded;
  let broken = false;
  const out = encoded.replace(/%([0-9A-Fa-f]{2})?/g, (_, hex: string | undefined) => {
    if (hex === undefined) {
      broken = true;
      return "";
    }
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return broken ? undefined : out;
}
