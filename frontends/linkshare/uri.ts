import { encodeBytes } from "../http/index.js";

export { decodeBytes, encodeBytes } from "../http/index.js";

/**
 * Encodes a path that starts somewhere behind the host. Browsers take "." and ".." out of paths, also encoded ones
 * (https://url.spec.whatwg.org/#path-state), so the slashes beside such components are encoded: "a/../b" is "a%2F..%2Fb".
 */
export function encodePath(latin1: string): string {
  const components = latin1.split("/");
  let out = encodeBytes(components[0] ?? "");
  for (let i = 1; i < components.length; i++) {
    const slash = isDots(components[i - 1]) || isDots(components[i]) ? "%2F" : "/";
    out += slash + encodeBytes(components[i]!);
  }
  return out;
}

function isDots(component: string | undefined): boolean {
  return component === "." || component === "..";
}

/** Bytes-as-characters of text or bytes. */
export function bytesOf(value: string | Uint8Array): string {
  return Buffer.from(value as Uint8Array).toString("latin1");
}

/** Bytes of bytes-as-characters. */
export function toBytes(latin1: string): Buffer {
  return Buffer.from(latin1, "latin1");
}

/** Text of bytes-as-characters, to be shown: what is not UTF-8 becomes U+FFFD. */
export function textOf(latin1: string): string {
  return toBytes(latin1).toString("utf8");
}

/** Last component of a path; a slash at its end does not count. Empty where there is none. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}
