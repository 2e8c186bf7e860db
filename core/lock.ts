import {
  DefaultRetention as DefaultRetentionMessage,
  GetObjectLegalHoldRequest,
  GetObjectRetentionRequest,
  Retention_Mode,
  Retention as RetentionMessage,
  SetBucketObjectLockConfigurationRequest,
  SetObjectLegalHoldRequest,
  SetObjectRetentionRequest,
} from "../proto/gen/metainfo.js";
import type {
  CallSettings,
  DefaultRetention,
  Key,
  ObjectLockConfiguration,
  Retention,
  RetentionMode,
  SetRetentionOptions,
  VersionSettings,
} from "./api.js";
import { millisOfTimestamp, timestampOfMillis } from "./bytes/timestamp.js";
import type { ProjectContext } from "./context.js";
import { PosternError } from "./errors.js";
import { bucketBytes, locate } from "./location.js";

const modes: Readonly<Record<RetentionMode, Retention_Mode>> = {
  compliance: Retention_Mode.COMPLIANCE,
  governance: Retention_Mode.GOVERNANCE,
};

function modeOf(mode: Retention_Mode): RetentionMode {
  if (mode === Retention_Mode.COMPLIANCE) return "compliance";
  if (mode === Retention_Mode.GOVERNANCE) return "governance";
  throw new PosternError("protocol-error", "satellite answered an unknown retention mode");
}

export function retentionMessage(retention: Retention | undefined): RetentionMessage | undefined {
  if (retention === undefined) return undefined;
  const retainUntil = timestampOfMillis(retention.retainUntil.getTime());
  return RetentionMessage.fromPartial({ mode: modes[retention.mode], retainUntil });
}

/** Undefined for none, which satellites also write as mode 0. */
export function retentionOf(message: RetentionMessage | undefined): Retention | undefined {
  if (message === undefined || message.mode === Retention_Mode.INVALID) return undefined;
  return { mode: modeOf(message.mode), retainUntil: new Date(millisOfTimestamp(message.retainUntil) ?? 0) };
}

export async function getObjectLockConfiguration(
  { metainfo }: ProjectContext,
  bucket: string,
  { signal }: CallSettings = {},
): Promise<ObjectLockConfiguration> {
  const fields = { name: bucketBytes(bucket) };
  const { configuration } = await metainfo.call("getBucketObjectLockConfiguration", fields, "bucket", { signal });
  const { enabled = false, defaultRetention } = configuration ?? {};
  if (defaultRetention === undefined) return { enabled };
  const { mode, duration } = defaultRetention;
  return { enabled, defaultRetention: { mode: modeOf(mode), ...(duration && { [duration.$case]: duration.value }) } };
}

export async function setObjectLockConfiguration(
  { metainfo }: ProjectContext,
  bucket: string,
  configuration: ObjectLockConfiguration,
  { signal }: CallSettings = {},
): Promise<void> {
  const fields = SetBucketObjectLockConfigurationRequest.fromPartial({
    name: bucketBytes(bucket),
    configuration: {
      enabled: configuration.enabled,
      defaultRetention: defaultRetentionMessage(configuration.defaultRetention),
    },
  });
  await metainfo.call("setBucketObjectLockConfiguration", fields, "bucket", { signal });
}

function defaultRetentionMessage(retention: DefaultRetention | undefined): DefaultRetentionMessage | undefined {
  if (retention === undefined) return undefined;
  const { mode, days, years } = retention;
  if ((days === undefined) === (years === undefined)) {
    throw new PosternError("lock-configuration-invalid", "default retention is in days or in years");
  }
  return DefaultRetentionMessage.fromPartial({
    mode: modes[mode],
    duration: days === undefined ? { $case: "years", value: years ?? 0 } : { $case: "days", value: days },
  });
}

export async function getRetention(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { version, signal }: VersionSettings = {},
): Promise<Retention> {
  const at = locate(store, bucket, key);
  const fields = GetObjectRetentionRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
  });
  const reply = await metainfo.call("getObjectRetention", fields, "object", { signal });
  const retention = retentionOf(reply.retention);
  if (retention === undefined) throw new PosternError("retention-not-found", "object has no retention");
  return retention;
}

export async function setRetention(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  retention: Retention | undefined,
  { version, bypassGovernance = false, signal }: SetRetentionOptions = {},
): Promise<void> {
  const at = locate(store, bucket, key);
  const fields = SetObjectRetentionRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
    retention: retentionMessage(retention),
    bypassGovernanceRetention: bypassGovernance,
  });
  await metainfo.call("setObjectRetention", fields, "object", { signal });
}

export async function getLegalHold(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { version, signal }: VersionSettings = {},
): Promise<boolean> {
  const at = locate(store, bucket, key);
  const fields = GetObjectLegalHoldRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
  });
  return (await metainfo.call("getObjectLegalHold", fields, "object", { signal })).enabled;
}

export async function setLegalHold(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  enabled: boolean,
  { version, signal }: VersionSettings = {},
): Promise<void> {
  const at = locate(store, bucket, key);
  const fields = SetObjectLegalHoldRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
    enabled,
  });
  await metainfo.call("setObjectLegalHold", fields, "object", { signal });
}
