import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { CreateBucketRequest, CreateBucketResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { type BucketRecord, BucketVersioning, countBuckets, findBucket, insertBucket } from "../data/buckets.js";
import { microsOfMillis } from "../data/times.js";
import { newUuid } from "../data/uuid.js";
import { bucketMessage } from "./bucket-message.js";
import type { Handler } from "./handler.js";
import { checkBucketName } from "./validate.js";

export const createBucket: Handler<CreateBucketRequest, CreateBucketResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const { name } = request;
  await caller.require({ op: Action.Write, bucket: name });
  if (request.objectLockEnabled) await caller.require({ op: Action.PutBucketObjectLockConfiguration, bucket: name });
  checkBucketName(name);

  const { project } = caller;
  const maxBuckets = project.maxBuckets ?? satellite.config.limits.maxBuckets;
  const bucket: BucketRecord = {
    id: newUuid(),
    name,
    createdAt: microsOfMillis(caller.time),
    userAgent: null,
    placement: project.defaultPlacement,
    // Locks are on versions, so Object Lock brings versioning with it.
    versioning:
      request.objectLockEnabled || project.defaultVersioning === BucketVersioning.Enabled
        ? BucketVersioning.Enabled
        : BucketVersioning.Unversioned,
    objectLockEnabled: request.objectLockEnabled ? 1 : 0,
    defaultRetentionMode: 0,
    defaultRetentionDays: null,
    defaultRetentionYears: null,
  };
  await satellite.db.write(async (tx) => {
    if ((await findBucket(tx, project.id, name)) !== undefined) {
      throw rpcError(RpcStatus.AlreadyExists, "bucket already exists");
    }
    if ((await countBuckets(tx, project.id)) >= maxBuckets) {
      throw rpcError(RpcStatus.ResourceExhausted, `number of allocated buckets (${maxBuckets}) exceeded`);
    }
    await insertBucket(tx, project.id, bucket);
  });
  satellite.buckets.forget(project.id, name);
  return { bucket: bucketMessage(bucket, satellite.config) };
};
