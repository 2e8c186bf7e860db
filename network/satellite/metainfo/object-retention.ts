import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type {
  GetObjectRetentionRequest,
  GetObjectRetentionResponse,
  SetObjectRetentionRequest,
  SetObjectRetentionResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { RetentionMode } from "../data/retention-mode.js";
import { microsOfMillis, optionalTimestamp } from "../data/times.js";
import { lockableObject, setRetention } from "../data/update-lock.js";
import type { Handler } from "./handler.js";
import { lockTarget } from "./lock-target.js";
import { retentionOf } from "./object-lock-checks.js";
import { checkBucketLength, checkObjectVersion, checkRetention } from "./validate.js";

export const getObjectRetention: Handler<GetObjectRetentionRequest, GetObjectRetentionResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.GetObjectRetention, bucket: request.bucket, path: request.encryptedObjectKey });
  const { location, version } = await lockTarget(satellite, caller, request);
  const object = await lockableObject(satellite.db.read, location, version);
  if (object.retentionMode === RetentionMode.None) {
    throw rpcError(
      RpcStatus.ObjectLockObjectRetentionConfigurationMissing,
      "object does not have a retention configuration",
    );
  }
  return { retention: { mode: object.retentionMode, retainUntil: optionalTimestamp(object.retainUntil) } };
};

export const setObjectRetention: Handler<SetObjectRetentionRequest, SetObjectRetentionResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  checkRetention(request.retention, satellite.now());
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  await caller.require({ op: Action.PutObjectRetention, ...at });
  const bypassGovernance = request.bypassGovernanceRetention;
  if (bypassGovernance) await caller.require({ op: Action.BypassGovernanceRetention, ...at });
  const { location, version } = await lockTarget(satellite, caller, request);
  const rules = { bypassGovernance, now: microsOfMillis(caller.time) };
  await satellite.db.write((tx) => setRetention(tx, location, version, retentionOf(request.retention), rules));
  return {};
};
