import type { Key, ListEntry, ListObjectsOptions, ObjectInfo } from "../../core/index.js";
import type { Call } from "./call.js";
import { checksumOf } from "./checksums/object-checksum.js";
import type { KeyEncoder } from "./text-encoding.js";
import type { XmlWriter } from "./xml/write.js";

/** Asks for one page of a listing; empty parameters mean nothing, as S3 has it. */
export function listingOptions(
  call: Call,
  request: { prefix: string; delimiter: string; cursor: Key | undefined; limit: number },
): ListObjectsOptions {
  const { prefix, delimiter, cursor, limit } = request;
  return {
    prefix: prefix || undefined,
    delimiter: delimiter || undefined,
    cursor: cursor?.length ? cursor : undefined,
    limit,
    signal: call.signal,
  };
}

/** The entries of a page as S3 groups them: objects, then prefixes. */
export function writeEntries(
  xml: XmlWriter,
  entries: readonly ListEntry[],
  encode: KeyEncoder,
  writeObject: (object: ObjectInfo) => void,
): void {
  for (const entry of entries) {
    if (entry.kind === "object") writeObject(entry.object);
  }
  for (const entry of entries) {
    if (entry.kind === "prefix") writePrefix(xml, encode(entry.prefixBytes));
  }
}

/** Of the checksum that an upload was begun with, which has no value yet. */
export function writeChecksumKind(xml: XmlWriter, upload: Pick<ObjectInfo, "custom">): void {
  const checksum = checksumOf(upload);
  xml.text("ChecksumAlgorithm", checksum?.algorithm);
  xml.text("ChecksumType", checksum?.type);
}

export function writePrefix(xml: XmlWriter, prefix: string | undefined): void {
  xml.group("CommonPrefixes", () => xml.text("Prefix", prefix));
}
