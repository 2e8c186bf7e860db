import { isPosternError, type Key, type ObjectInfo } from "../../core/index.js";
import { parseHttpDate } from "./auth/time.js";
import type { Call } from "./call.js";
import { etagListed } from "./conditions.js";
import { S3Error } from "./errors.js";
import { etagOf } from "./metadata.js";
import { hiddenByMarker } from "./version-id.js";

/** Under which conditions an object is to be deleted. */
export interface DeleteConditions {
  readonly etag: string | undefined;
  /** Milliseconds, to the second. */
  readonly lastModified: number | undefined;
  readonly size: number | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
export function deleteConditions(texts: {
  etag: string | undefined;
  lastModified: string | undefined;
  size: string | undefined;
}): DeleteConditions | undefined {
  const { etag, lastModified, size } = texts;
  if (etag === undefined && lastModified === undefined && size === undefined) return undefined;
  const time = lastModified === undefined ? undefined : (parseHttpDate(lastModified) ?? Date.parse(lastModified));
  if (Number.isNaN(time) || (size !== undefined && !/^\d{1,15}$/.test(size))) throw new S3Error("InvalidArgument");
  return { etag, lastModified: time, size: size === undefined ? undefined : Number(size) };
}

/**
 * Fails with PreconditionFailed when the object is not as the conditions say. What is not there is as good as deleted; a
 * delete marker is something that is there, and has neither ETag nor size. False when there is nothing to delete.
 * The network has no deletion on condition: what another client does right after the look goes unseen.
 */
export async function checkDelete(
  call: Call,
  key: Key,
  version: Uint8Array | undefined,
  conditions: DeleteConditions,
): Promise<boolean> {
  let info: ObjectInfo;
  try {
    info = await call.project.headObject(call.bucket, key, { version, signal: call.signal });
  } catch (error) {
    const marker =
      isPosternError(error, "method-not-allowed") ||
      (isPosternError(error, "object-not-found") && version === undefined && (await hiddenByMarker(call, key)));
    if (
      marker &&
      !(conditions.etag === "*" && conditions.lastModified === undefined && conditions.size === undefined)
    ) {
      throw new S3Error("PreconditionFailed", { cause: error });
    }
    if (marker || isPosternError(error, "object-not-found")) return marker;
    throw error;
  }
  const modified = Math.floor(info.createdAt.getTime() / 1000);
  const holds =
    (conditions.etag === undefined || etagListed(conditions.etag, etagOf(info))) &&
    (conditions.lastModified === undefined || modified === Math.floor(conditions.lastModified / 1000)) &&
    (conditions.size === undefined || conditions.size === info.size);
  if (!holds) throw new S3Error("PreconditionFailed");
  return true;
}
