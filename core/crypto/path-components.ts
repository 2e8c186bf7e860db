import { decryptionFailed } from "./cipher.js";

const slash = 0x2f;

/**
 * Splits at every slash, without normalisation: "a//" is "a", "", "". The empty path has no components, and only it
 * (storj/common paths/path.go).
 */
export function splitPath(path: Uint8Array): Uint8Array[] {
  const components: Uint8Array[] = [];
  if (path.length === 0) return components;
  let start = 0;
  for (let end = path.indexOf(slash); end >= 0; end = path.indexOf(slash, start)) {
    components.push(path.subarray(start, end));
    start = end + 1;
  }
  components.push(path.subarray(start));
  return components;
}

/** Inverse of `splitPath`, but for a single empty component, which looks like no path. */
export function joinPath(components: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const component of components) length += component.length + 1;
  const out = new Uint8Array(Math.max(0, length - 1));
  let offset = 0;
  for (const component of components) {
    if (offset > 0) out[offset - 1] = slash;
    out.set(component, offset);
    offset += component.length + 1;
  }
  return out;
}

/** A path below another, either of which may be empty and then adds no slash. */
export function joinBelow(base: Uint8Array, remaining: readonly Uint8Array[]): Uint8Array {
  return joinPath(base.length > 0 ? [base, ...remaining] : remaining);
}

/** Without one slash at the end, if there is one. */
export function withoutTrailingSlash(path: Uint8Array): Uint8Array {
  return path[path.length - 1] === slash ? path.subarray(0, path.length - 1) : path;
}

export function endsWithSlash(path: Uint8Array): boolean {
  return path[path.length - 1] === slash;
}

// First byte of an encrypted component (storj/common encryption/path.go encodeSegment).
const emptyMark = 1;
const dataMark = 2;

/** Escape bytes; each also stands for its neighbour: 2e for 2f, fe for ff, 01 for 00. */
const escape2e = 0x2e;
const escapeFe = 0xfe;
const escape01 = 0x01;

/** Makes bytes fit for a path component: none of the result is 00, 2f or ff, and byte order is kept. */
export function encodeSegment(data: Uint8Array): Uint8Array {
  if (data.length === 0) return Uint8Array.of(emptyMark);
  const out = [dataMark];
  for (const byte of data) {
    if (byte === escape2e || byte === escape2e + 1) out.push(escape2e, byte - escape2e + 1);
    else if (byte === escapeFe || byte === escapeFe + 1) out.push(escapeFe, byte - escapeFe + 1);
    else if (byte === escape01 || byte === escape01 - 1) out.push(escape01, byte - escape01 + 2);
    else out.push(byte);
  }
  return Uint8Array.from(out);
}

/** Inverse of `encodeSegment`; `decryption-failed` for anything that it does not make. */
export function decodeSegment(segment: Uint8Array): Uint8Array {
  const mark = segment[0];
  if (mark === emptyMark && segment.length === 1) return new Uint8Array(0);
  if (mark !== dataMark || segment.length === 1) throw invalidSegment();
  const out: number[] = [];
  for (let i = 1; i < segment.length; i++) {
    const byte = segment[i]!;
    if (byte === 0 || byte === slash || byte === 0xff) throw invalidSegment();
    if (byte !== escape2e && byte !== escapeFe && byte !== escape01) {
      out.push(byte);
      continue;
    }
    const which = segment[++i];
    if (which !== 1 && which !== 2) throw invalidSegment();
    out.push(byte === escape01 ? which - 1 : byte + which - 1);
  }
  return Uint8Array.from(out);
}

function invalidSegment() {
  return decryptionFailed(undefined, "invalid encoding of an encrypted path component");
}
