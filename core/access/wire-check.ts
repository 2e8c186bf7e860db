import { readVarint, readVarint64 } from "../bytes/varint.js";

/** Wire types of the known fields of a message; a nested message is a schema again. */
export interface WireSchema {
  readonly [field: number]: "varint" | "bytes" | WireSchema;
}

const maxGroupDepth = 100;

/**
 * Whether bytes are a well-formed message whose known fields have the right wire types. The generated decoders let more
 * pass (they skip a known field of another type, and read past the end of a nested message), and whoever adds a caveat
 * must not be able to hide it from one side: Go's picobuf refuses all of these.
 */
export function hasWireSchema(buf: Uint8Array, schema: WireSchema): boolean {
  try {
    return checkMessage(buf, schema);
  } catch {
    return false; // a varint that is too long or too large
  }
}

function checkMessage(buf: Uint8Array, schema: WireSchema): boolean {
  const openGroups: number[] = [];
  let at = 0;
  while (at < buf.length) {
    const tag = readVarint(buf, at);
    if (tag === undefined || tag.value > 0xffff_ffff) return false;
    const field = tag.value >>> 3;
    const wire = tag.value & 7;
    if (field === 0) return false;
    const known = openGroups.length === 0 ? schema[field] : undefined;
    if (known !== undefined && wire !== (known === "varint" ? 0 : 2)) return false;
    let start = tag.next;
    let end: number;
    if (wire === 0) {
      const value = readVarint64(buf, start);
      // The tenth byte has one bit of the 64.
      if (value === undefined || (value.next - start === 10 && buf[value.next - 1]! > 1)) return false;
      end = value.next;
    } else if (wire === 1) end = start + 8;
    else if (wire === 5) end = start + 4;
    else if (wire === 2) {
      const length = readVarint(buf, start);
      if (length === undefined) return false;
      start = length.next;
      end = start + length.value;
    } else if (wire === 3 && openGroups.length < maxGroupDepth) {
      openGroups.push(field);
      end = start;
    } else if (wire === 4 && openGroups.pop() === field) end = start;
    else return false;
    if (end > buf.length) return false;
    if (typeof known === "object" && !checkMessage(buf.subarray(start, end), known)) return false;
    at = end;
  }
  return openGroups.length === 0;
}
