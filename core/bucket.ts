import { GetBucketRequest, ListDirection } from "../proto/gen/metainfo.js";
import type { BucketInfo, CallSettings, CreateBucketOptions, DeleteBucketOptions, ListBucketsOptions } from "./api.js";
import { utf8, utf8Text } from "./bytes/bytes.js";
import type { Timestamp } from "./bytes/timestamp.js";
import type { ProjectContext } from "./context.js";
import { PosternError } from "./errors.js";
import { bucketBytes } from "./location.js";
import { dateOf } from "./object.js";

/** Milliseconds for deleting a bucket with what is in it. */
const deleteAllTimeoutMs = 600_000;

function bucketInfo(bucket: { name: Uint8Array; createdAt: Timestamp | undefined } | undefined): BucketInfo {
  if (bucket === undefined) throw new PosternError("protocol-error", "satellite answered without a bucket");
  return { name: utf8Text(bucket.name), createdAt: dateOf(bucket.createdAt) ?? new Date(0) };
}

export async function createBucket(
  { metainfo }: ProjectContext,
  bucket: string,
  { objectLock = false, placement = "", signal }: CreateBucketOptions = {},
): Promise<BucketInfo> {
  const fields = { name: bucketBytes(bucket), objectLockEnabled: objectLock, placement: utf8(placement) };
  const reply = await metainfo.call("createBucket", fields, "bucket-create", { signal });
  return bucketInfo(reply.bucket);
}

export async function headBucket(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal }: CallSettings = {},
): Promise<BucketInfo> {
  const value = GetBucketRequest.fromPartial({ name: bucketBytes(bucket) });
  const [reply] = await metainfo.batch([{ $case: "bucketGet", value }], "bucket", { signal });
  return bucketInfo(reply.bucket);
}

export async function deleteBucket(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal, withObjects = false, bypassGovernance = false }: DeleteBucketOptions = {},
): Promise<void> {
  const timeoutMs = withObjects ? deleteAllTimeoutMs : undefined;
  const fields = { name: bucketBytes(bucket), deleteAll: withObjects, bypassGovernanceRetention: bypassGovernance };
  await metainfo.call("deleteBucket", fields, "bucket-delete", { signal, timeoutMs });
}

export async function listBuckets(
  { metainfo }: ProjectContext,
  { cursor = "", limit = 1000, signal }: ListBucketsOptions = {},
): Promise<{ buckets: readonly BucketInfo[]; next: string | undefined }> {
  const fields = { cursor: utf8(cursor), limit, direction: ListDirection.AFTER };
  const reply = await metainfo.call("listBuckets", fields, "project", { signal });
  const buckets = reply.items.map(bucketInfo);
  return { buckets, next: reply.more ? buckets.at(-1)?.name : undefined };
}
