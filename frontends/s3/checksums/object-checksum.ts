import type { CustomMetadata, ObjectInfo } from "../../../core/index.js";
import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader } from "../payload/checksum.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

/** A checksum of an object as clients are told of it. */
export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64, for composite ones with "-" and the number of parts. */
  readonly value: string;
}

/** In the object's metadata, and so encrypted: "ALGORITHM TYPE value". A pending upload has no value yet. */
export const checksumKey = "s3:checksum";

export function checksumMetadata(checksum: ObjectChecksum | undefined): CustomMetadata {
  if (checksum === undefined) return {};
  return { [checksumKey]: `${checksum.algorithm} ${checksum.type} ${checksum.value}` };
}

export function checksumOf({ custom }: Pick<ObjectInfo, "custom">): ObjectChecksum | undefined {
  const [algorithm, type, value, ...more] = (custom[checksumKey] ?? "").split(" ");
  const known = checksumAlgorithms.find((each) => each === algorithm);
  if (
    known === undefined ||
    (type !== "FULL_OBJECT" && type !== "COMPOSITE") ||
    value === undefined ||
    more.length > 0
  ) {
    return undefined;
  }
  return { algorithm: known, type, value };
}

/** Reply headers. */
export function checksumReplyHeaders(checksum: ObjectChecksum | undefined): Record<string, string> {
  if (checksum === undefined || checksum.value === "") return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": checksum.type };
}

/** Whether a GET or HEAD asks to be told. */
export function wantsChecksum(headers: RequestHeaders): boolean {
  return headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
}

/** What CreateMultipartUpload asks for; undefined for no checksum. */
export function requestedChecksum(headers: RequestHeaders): ObjectChecksum | undefined {
  const name = headers.get("x-amz-checksum-algorithm")?.toUpperCase();
  const type = headers.get("x-amz-checksum-type")?.toUpperCase();
  if (name === undefined) {
    if (type === undefined) return undefined;
    throw new S3Error("InvalidRequest", {
      message: "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    });
  }
  const algorithm = checksumAlgorithms.find((each) => each === name);
  if (algorithm === undefined) {
    throw new S3Error("InvalidRequest", {
      message:
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: " +
        `[${checksumAlgorithms.join(", ")}]`,
    });
  }
  const chosen = type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
  const possible =
    chosen === "FULL_OBJECT" ? algorithm.startsWith("CRC") : chosen === "COMPOSITE" && algorithm !== "CRC64NVME";
  if (!possible) {
    throw new S3Error("InvalidRequest", {
      message: `The ${chosen} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return { algorithm, type: chosen as ChecksumType, value: "" };
}
