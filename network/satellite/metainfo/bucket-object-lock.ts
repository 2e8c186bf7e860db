import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type {
  GetBucketObjectLockConfigurationRequest,
  GetBucketObjectLockConfigurationResponse,
  ObjectLockConfiguration,
  SetBucketObjectLockConfigurationRequest,
  SetBucketObjectLockConfigurationResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import {
  type BucketRecord,
  BucketVersioning,
  findBucket,
  type ObjectLockSettings,
  setObjectLock,
} from "../data/buckets.js";
import { bucketNotFound } from "../data/errors.js";
import { RetentionMode } from "../data/retention-mode.js";
import type { Handler } from "./handler.js";

export const getBucketObjectLockConfiguration: Handler<
  GetBucketObjectLockConfigurationRequest,
  GetBucketObjectLockConfigurationResponse
> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.GetBucketObjectLockConfiguration, bucket: request.name });
  const bucket = await satellite.buckets.get(caller.project.id, request.name);
  if (bucket.objectLockEnabled === 0) throw bucketHasNoLock();
  return { configuration: { enabled: true, defaultRetention: defaultRetentionMessage(bucket) } };
};

export function bucketHasNoLock(): Error {
  return rpcError(
    RpcStatus.ObjectLockBucketRetentionConfigurationMissing,
    "Object Lock is not enabled for this bucket",
  );
}

function defaultRetentionMessage(bucket: BucketRecord): ObjectLockConfiguration["defaultRetention"] {
  const { defaultRetentionMode: mode, defaultRetentionDays: days, defaultRetentionYears: years } = bucket;
  if (mode === RetentionMode.None) return undefined;
  if (days) return { mode, duration: { $case: "days", value: days } };
  return { mode, duration: years ? { $case: "years", value: years } : undefined };
}

export const setBucketObjectLockConfiguration: Handler<
  SetBucketObjectLockConfigurationRequest,
  SetBucketObjectLockConfigurationResponse
> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const { name } = request;
  await caller.require({ op: Action.PutBucketObjectLockConfiguration, bucket: name });
  const projectId = caller.project.id;
  await satellite.db.write(async (tx) => {
    const bucket = await findBucket(tx, projectId, name);
    if (bucket === undefined) throw bucketNotFound(name);
    if (bucket.versioning !== BucketVersioning.Enabled) {
      throw rpcError(
        RpcStatus.ObjectLockInvalidBucketState,
        "cannot specify Object Lock configuration for a bucket without Versioning enabled",
      );
    }
    await setObjectLock(tx, projectId, name, settingsOf(request.configuration));
  });
  satellite.buckets.forget(projectId, name);
  return {};
};

const maxDays = 36_500;
const maxYears = 10;

/** Checked as storj/storj satellite/metainfo/validation.go convertProtobufObjectLockConfig does. */
function settingsOf(configuration: ObjectLockConfiguration | undefined): ObjectLockSettings {
  if (configuration === undefined) throw invalid("Object Lock configuration is required");
  if (!configuration.enabled) throw invalid("Object Lock can't be disabled");
  const retention = configuration.defaultRetention;
  if (retention === undefined) return { mode: RetentionMode.None, days: null, years: null };
  const { mode, duration } = retention;
  if (mode !== RetentionMode.Compliance && mode !== RetentionMode.Governance) throw invalid("Invalid retention mode");
  switch (duration?.$case) {
    case "days":
      if (duration.value <= 0) throw invalid("Days must be a positive integer");
      if (duration.value > maxDays) throw invalid(`Days must not exceed ${maxDays}`);
      return { mode, days: duration.value, years: null };
    case "years":
      if (duration.value <= 0) throw invalid("Years must be a positive integer");
      if (duration.value > maxYears) throw invalid(`Years must not exceed ${maxYears}`);
      return { mode, days: null, years: duration.value };
    default:
      throw invalid("Either days or years must be specified");
  }
}

function invalid(text: string): Error {
  return rpcError(RpcStatus.ObjectLockInvalidBucketRetentionConfiguration, text);
}
