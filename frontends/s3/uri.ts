export { decodeBytes, encodeBytes, encodePathBytes } from "../http/index.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of bytes-as-characters; undefined when they are not UTF-8. */
export function textOfBytes(latin1: string): string | undefined {
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  try {
    return utf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return undefined;
  }
}

/** Bytes-as-characters of text. */
export function bytesOfText(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
