import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";

/** Headers of functions that are not there: ignoring them would store something else than was asked for. */
const refused = ["x-amz-write-offset-bytes"];

/** Refuses what a request to store something cannot have. */
export function refuseUnsupported(headers: RequestHeaders): void {
  for (const name of headers.names) {
    if (!refused.some((prefix) => name.startsWith(prefix))) continue;
    throw new S3Error("NotImplemented", { extra: { Header: name } });
  }
  const storageClass = headers.get("x-amz-storage-class");
  if (storageClass !== undefined && storageClass !== "STANDARD") throw new S3Error("InvalidStorageClass");
}
