import type { CustomMetadata } from "../../../core/index.js";
import { S3Error } from "../errors.js";
import { type ChecksumAlgorithm, checksumAlgorithms, createChecksum } from "../payload/checksum.js";
import { combineCrc, isCrc } from "./crc-combine.js";
import type { ObjectChecksum } from "./object-checksum.js";

/** A part's checksum as a note next to the upload: "ALGORITHM base64 ETag". */
export interface PartChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

/** The ETag ties the note to what was uploaded: the part may be replaced by one without a checksum. */
export function partNote({ algorithm, value }: PartChecksum, etag: string): string {
  return `${algorithm} ${value} ${etag}`;
}

/** Undefined also when the note is about another upload of the part. */
export function parsePartNote(text: string | undefined, etag: Uint8Array | undefined): PartChecksum | undefined {
  const [name, value, of] = (text ?? "").split(" ");
  if (etag === undefined || of !== Buffer.from(etag).toString("latin1")) return undefined;
  const algorithm = checksumAlgorithms.find((each) => each === name);
  return algorithm === undefined || value === undefined ? undefined : { algorithm, value };
}

/**
 * The checksum of an object from those of its parts; undefined when one of them is missing. A composite one is the
 * checksum of the parts' checksums; a full one is combined from theirs.
 */
export async function combinedChecksum(
  { algorithm, type }: ObjectChecksum,
  parts: readonly { readonly size: number; readonly checksum: string | undefined }[],
): Promise<ObjectChecksum | undefined> {
  const values = parts.map(({ checksum }) => (checksum === undefined ? undefined : Buffer.from(checksum, "base64")));
  if (values.length === 0 || values.some((value) => value === undefined)) return undefined;
  const all = values as Buffer[];
  if (type === "COMPOSITE") {
    const digest = await createChecksum(algorithm);
    for (const value of all) digest.update(value);
    return { algorithm, type, value: `${digest.digest().toString("base64")}-${all.length}` };
  }
  if (!isCrc(algorithm)) return undefined;
  let whole = all[0]!;
  for (let i = 1; i < all.length; i++) whole = combineCrc(algorithm, whole, all[i]!, parts[i]!.size);
  return { algorithm, type, value: whole.toString("base64") };
}

/** Checksums of the parts, for as many as the metadata have room for: all of them or none. Concatenated, in base64. */
export const partChecksumsKey = "s3:part-checksums";
const maxText = 640;

export function partChecksumsText(checksums: readonly (string | undefined)[]): string | undefined {
  if (checksums.some((each) => each === undefined)) return undefined;
  const text = Buffer.concat(checksums.map((each) => Buffer.from(each!, "base64"))).toString("base64");
  return text.length > maxText ? undefined : text;
}

/** By the index of the part. */
export function partChecksumsOf(custom: CustomMetadata, size: number): readonly string[] {
  const bytes = Buffer.from(custom[partChecksumsKey] ?? "", "base64");
  const found: string[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    found.push(bytes.subarray(at, at + size).toString("base64"));
  }
  return found;
}

/** Fails with BadDigest when what the client expects of the whole is not what the parts make. */
export function checkExpected(expected: string | undefined, actual: ObjectChecksum | undefined): void {
  if (expected === undefined || actual === undefined) return;
  const plain = actual.value.replace(/-\d+$/, "");
  if (expected === actual.value || expected === plain) return;
  throw new S3Error("BadDigest", {
    message: `The ${actual.algorithm} you specified did not match the calculated checksum.`,
  });
}
