import { utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import {
  type GetBucketNotificationConfigurationRequest,
  type GetBucketNotificationConfigurationResponse,
  NotificationConfiguration,
  type SetBucketNotificationConfigurationRequest,
  type SetBucketNotificationConfigurationResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { bucketSetting, setBucketSetting } from "../data/bucket-settings.js";
import type { SatelliteParts } from "../satellite-parts.js";
import type { Handler } from "./handler.js";

export const getBucketNotificationConfiguration: Handler<
  GetBucketNotificationConfigurationRequest,
  GetBucketNotificationConfigurationResponse
> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const { name } = request;
  await caller.require({ op: Action.GetBucketNotificationConfiguration, bucket: name });
  const value = await storedConfiguration(satellite, caller.project.id, name);
  return { configuration: value === null ? undefined : NotificationConfiguration.decode(value) };
};

/**
 * Without a configuration it takes away the one there is. A topic must have taken a test event before a configuration
 * is kept (storj/storj satellite/metainfo/endpoint_bucket.go).
 */
export const setBucketNotificationConfiguration: Handler<
  SetBucketNotificationConfigurationRequest,
  SetBucketNotificationConfigurationResponse
> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const { name, configuration } = request;
  await caller.require({ op: Action.PutBucketNotificationConfiguration, bucket: name });
  if (name.length === 0) throw nameMissing();
  if (caller.project.pathEncryption !== 0) {
    throw rpcError(
      RpcStatus.FailedPrecondition,
      "Bucket eventing requires satellite-managed encryption (path encryption must be disabled)",
    );
  }
  const projectId = caller.project.id;
  await storedConfiguration(satellite, projectId, name);
  if (configuration !== undefined) {
    checkConfiguration(configuration);
    await publishTestEvent(satellite, name, configuration.topicName);
  }
  const value = configuration === undefined ? null : NotificationConfiguration.encode(configuration).finish();
  await satellite.db.write((tx) => setBucketSetting(tx, projectId, name, "notifications", value));
  return {};
};

async function storedConfiguration(
  satellite: SatelliteParts,
  projectId: Uint8Array,
  name: Uint8Array,
): Promise<Uint8Array | null> {
  if (name.length === 0) throw nameMissing();
  const stored = await bucketSetting(satellite.db.read, projectId, name, "notifications");
  // Without the bucket's name, unlike other calls.
  if (stored === undefined) throw rpcError(RpcStatus.NotFound, "bucket not found");
  return stored.value;
}

function nameMissing(): Error {
  return rpcError(RpcStatus.InvalidArgument, "bucket name is required");
}

const events: ReadonlySet<string> = new Set([
  "s3:ObjectCreated:*",
  "s3:ObjectCreated:Put",
  "s3:ObjectCreated:Copy",
  "s3:ObjectRemoved:*",
  "s3:ObjectRemoved:Delete",
  "s3:ObjectRemoved:DeleteMarkerCreated",
]);

function checkConfiguration({ events: wanted, topicName }: NotificationConfiguration): void {
  const invalid = (text: string) => rpcError(RpcStatus.InvalidArgument, text);
  if (wanted.length === 0) throw invalid("at least one event type is required");
  const parts = topicName.split("/");
  if (topicName !== "@log" && (parts.length !== 4 || parts[0] !== "projects" || parts[2] !== "topics")) {
    throw invalid(`invalid fully-qualified topic name format: ${topicName}`);
  }
  for (const event of wanted) if (!events.has(event)) throw invalid(`invalid bucket event type: ${event}`);
}

/** As S3 sends it; storj/storj satellite/eventing/notification.go CreateTestEvent. */
async function publishTestEvent(satellite: SatelliteParts, bucket: Uint8Array, topic: string): Promise<void> {
  const time = new Date(satellite.now()).toISOString();
  const event = { Service: "Storj S3", Event: "s3:TestEvent", Time: time, Bucket: Buffer.from(bucket).toString() };
  try {
    if (topic === "@log") return;
    if (satellite.publishEvent === undefined) throw new Error("this satellite has no way to publish events");
    await satellite.publishEvent(topic, utf8(JSON.stringify(event)));
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : "unknown error";
    throw rpcError(RpcStatus.FailedPrecondition, `failed to publish test event to topic: ${text}`, cause);
  }
}
