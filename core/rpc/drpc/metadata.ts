import { concatBytes, utf8, utf8Text } from "../../bytes/bytes.js";
import { encodeVarint, readVarint } from "../../bytes/varint.js";
import { PosternError } from "../../errors.js";
import type { Metadata } from "../transport.js";

const entryTag = 0x0a; // field 1 of the whole, a message
const keyTag = 0x0a; // field 1 of an entry, a string
const valueTag = 0x12; // field 2

/**
 * Body of an InvokeMetadata packet. Key and value are written even when empty: Go refuses an entry that lacks one
 * (storj/drpc drpcmetadata/serialize.go), so protobuf's own encoders do not fit.
 */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const entries = Object.entries(metadata).map(([key, value]) => {
    return delimited(entryTag, concatBytes(delimited(keyTag, utf8(key)), delimited(valueTag, utf8(value))));
  });
  return concatBytes(...entries);
}

function delimited(tag: number, data: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag), encodeVarint(data.length), data);
}

/** The last of equal keys wins. Throws `protocol-error`. */
export function decodeMetadata(body: Uint8Array): Metadata {
  // No prototype: keys come from strangers.
  const metadata: Record<string, string> = Object.create(null);
  for (let at = 0; at < body.length; ) {
    const entry = readDelimited(body, at, entryTag);
    const key = readDelimited(entry.data, 0, keyTag);
    const value = readDelimited(entry.data, key.next, valueTag);
    if (value.next !== entry.data.length) throw invalid();
    metadata[utf8Text(key.data)] = utf8Text(value.data);
    at = entry.next;
  }
  return metadata;
}

function readDelimited(buf: Uint8Array, offset: number, tag: number): { data: Uint8Array; next: number } {
  if (buf[offset] !== tag) throw invalid();
  const length = readVarint(buf, offset + 1);
  if (length === undefined || buf.length - length.next < length.value) throw invalid();
  const next = length.next + length.value;
  return { data: buf.subarray(length.next, next), next };
}

function invalid(): PosternError {
  return new PosternError("protocol-error", "invalid metadata");
}
