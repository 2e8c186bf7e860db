import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";

/**
 * MinIO's request to delete a bucket, or all below a name, with all that is in it. Its signature has to cover the header:
 * else whoever holds a URL that deletes an empty bucket could delete a full one.
 */
export function forcesDelete(headers: RequestHeaders): boolean {
  const value = headers.get("x-minio-force-delete")?.toLowerCase();
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  throw new S3Error("InvalidRequest", { message: "x-minio-force-delete is true or false." });
}
