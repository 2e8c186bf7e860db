import { createHash } from "node:crypto";
import { type BucketInfo, isPosternError, type ObjectInfo, type Project } from "postern";
import { prefixOf, type Target } from "./target.js";

/** What there is at a path. */
export type Resource =
  | { readonly kind: "root" }
  | { readonly kind: "bucket"; readonly bucket: BucketInfo }
  /** `marker` is the empty object with a slash at the end of its key that keeps a folder without files. */
  | { readonly kind: "folder"; readonly marker: ObjectInfo | undefined }
  | { readonly kind: "file"; readonly object: ObjectInfo };

/** Looks for a file first, unless the path ends with a slash; then for a folder. Undefined when there is nothing. */
export async function findResource(
  project: Project,
  target: Target,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  const { bucket, key, collection } = target;
  if (bucket === "") return { kind: "root" };
  if (key === "") {
    const info = await orUndefined(project.headBucket(bucket, { signal }));
    return info && { kind: "bucket", bucket: info };
  }
  if (!collection) {
    const object = await orUndefined(project.headObject(bucket, key, { signal }));
    if (object !== undefined) return { kind: "file", object };
  }
  return await findFolder(project, target, signal);
}

/** A folder is there when it has a marker, or anything is in it. */
export async function findFolder(
  project: Project,
  { bucket, key }: Target,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  const marker = await orUndefined(project.headObject(bucket, `${key}/`, { signal }));
  if (marker !== undefined) return { kind: "folder", marker };
  const found = await orUndefined(project.listObjects(bucket, { prefix: prefixOf({ key }), limit: 1, signal }));
  return found !== undefined && found.entries.length > 0 ? { kind: "folder", marker: undefined } : undefined;
}

/** The ETag, with quotes: that of S3 where there is one, and as S3 makes it up where there is none. */
export function etagOf({ etag, keyBytes, createdAt, size, custom }: ObjectInfo): string {
  const stored = etag !== undefined && etag.length > 0 ? Buffer.from(etag).toString("latin1") : custom["s3:etag"];
  if (stored !== undefined && stored !== "") return `"${stored}"`;
  const hash = createHash("sha256").update(keyBytes).update(`\0${createdAt.getTime()}\0${size}`);
  return `"${hash.digest("hex").slice(0, 32)}-0"`;
}

export async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isPosternError(error, "object-not-found", "bucket-not-found", "method-not-allowed")) return undefined;
    throw error;
  }
}
