import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";
import type { Query } from "./query.js";

/** Headers of functions that are not there: ignoring them would store something else than was asked for. */
const refused = [
  "x-amz-object-lock-",
  "x-amz-bucket-object-lock-enabled",
  "x-amz-website-redirect-location",
  "x-amz-write-offset-bytes",
];

/** Refuses what a request to store something cannot have. */
export function refuseUnsupported(headers: RequestHeaders): void {
  for (const name of headers.names) {
    if (!refused.some((prefix) => name.startsWith(prefix))) continue;
    if (name === "x-amz-bucket-object-lock-enabled" && headers.get(name)?.toLowerCase() === "false") continue;
    throw new S3Error("NotImplemented", { extra: { Header: name } });
  }
  const storageClass = headers.get("x-amz-storage-class");
  if (storageClass !== undefined && storageClass !== "STANDARD") throw new S3Error("InvalidStorageClass");
}

/** The only version that an object has here is "null" (Amazon's name for that of an unversioned object). */
export function refuseVersionId(query: Query): void {
  const versionId = query.get("versionId");
  if (versionId !== undefined && versionId !== "null")
    throw new S3Error("NotImplemented", { extra: { Header: "versionId" } });
}
