import { SetBucketNotificationConfigurationRequest, SetBucketTaggingRequest } from "../proto/gen/metainfo.js";
import type { BucketNotifications, BucketTag, CallSettings, Versioning } from "./api.js";
import { utf8, utf8Text } from "./bytes/bytes.js";
import type { ProjectContext } from "./context.js";
import { PosternError } from "./errors.js";
import { bucketBytes } from "./location.js";

export async function getBucketLocation(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal }: CallSettings = {},
): Promise<string> {
  const reply = await metainfo.call("getBucketLocation", { name: bucketBytes(bucket) }, "bucket", { signal });
  return utf8Text(reply.location);
}

/** Numbers of storj/storj satellite/buckets/buckets.go. */
const versionings: readonly Versioning[] = ["unsupported", "unversioned", "enabled", "suspended"];

export async function getBucketVersioning(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal }: CallSettings = {},
): Promise<Versioning> {
  const reply = await metainfo.call("getBucketVersioning", { name: bucketBytes(bucket) }, "bucket", { signal });
  const versioning = versionings[reply.versioning];
  if (versioning === undefined) throw new PosternError("protocol-error", "satellite answered an unknown versioning");
  return versioning;
}

export async function setBucketVersioning(
  { metainfo }: ProjectContext,
  bucket: string,
  enabled: boolean,
  { signal }: CallSettings = {},
): Promise<void> {
  const fields = { name: bucketBytes(bucket), versioning: enabled };
  await metainfo.call("setBucketVersioning", fields, "bucket", { signal });
}

export async function getBucketTags(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal }: CallSettings = {},
): Promise<readonly BucketTag[]> {
  const reply = await metainfo.call("getBucketTagging", { name: bucketBytes(bucket) }, "bucket", { signal });
  return reply.tags.map(({ key, value }) => ({ key: utf8Text(key), value: utf8Text(value) }));
}

export async function setBucketTags(
  { metainfo }: ProjectContext,
  bucket: string,
  tags: readonly BucketTag[],
  { signal }: CallSettings = {},
): Promise<void> {
  const fields = SetBucketTaggingRequest.fromPartial({
    name: bucketBytes(bucket),
    tags: tags.map(({ key, value }) => ({ key: utf8(key), value: utf8(value) })),
  });
  await metainfo.call("setBucketTagging", fields, "bucket", { signal });
}

export async function getBucketNotifications(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal }: CallSettings = {},
): Promise<BucketNotifications | undefined> {
  const fields = { name: bucketBytes(bucket) };
  const { configuration } = await metainfo.call("getBucketNotificationConfiguration", fields, "bucket", { signal });
  if (configuration === undefined || configuration.topicName === "") return undefined;
  const { id, topicName, events, filter } = configuration;
  return {
    id,
    topicName,
    events,
    ...(filter?.prefix ? { filterPrefix: filter.prefix } : {}),
    ...(filter?.suffix ? { filterSuffix: filter.suffix } : {}),
  };
}

export async function setBucketNotifications(
  { metainfo }: ProjectContext,
  bucket: string,
  notifications: BucketNotifications | undefined,
  { signal }: CallSettings = {},
): Promise<void> {
  const filtered = notifications?.filterPrefix !== undefined || notifications?.filterSuffix !== undefined;
  const fields = SetBucketNotificationConfigurationRequest.fromPartial({
    name: bucketBytes(bucket),
    configuration: notifications && {
      id: notifications.id,
      topicName: notifications.topicName,
      events: [...notifications.events],
      filter: filtered ? { prefix: notifications.filterPrefix, suffix: notifications.filterSuffix } : undefined,
    },
  });
  await metainfo.call("setBucketNotificationConfiguration", fields, "bucket", { signal });
}
