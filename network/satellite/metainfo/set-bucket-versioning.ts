import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { SetBucketVersioningRequest, SetBucketVersioningResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { type BucketRecord, BucketVersioning, findBucket, setVersioning } from "../data/buckets.js";
import { bucketNotFound } from "../data/errors.js";
import type { Handler } from "./handler.js";

/** storj/storj satellite/satellitedb/bucketsdb.go, EnableBucketVersioning and SuspendBucketVersioning. */
export const setBucketVersioning: Handler<SetBucketVersioningRequest, SetBucketVersioningResponse> = async (
  satellite,
  request,
) => {
  const caller = await satellite.access.caller(request.header);
  const { name, versioning: enable } = request;
  await caller.require({ op: Action.Write, bucket: name });
  const projectId = caller.project.id;
  await satellite.db.write(async (tx) => {
    const bucket = await findBucket(tx, projectId, name);
    if (bucket === undefined) throw bucketNotFound(name);
    checkChange(bucket, enable);
    await setVersioning(tx, projectId, name, enable ? BucketVersioning.Enabled : BucketVersioning.Suspended);
  });
  satellite.buckets.forget(projectId, name);
  return {};
};

function checkChange({ versioning, objectLockEnabled }: BucketRecord, enable: boolean): void {
  if (enable) {
    if (versioning === BucketVersioning.Unsupported) throw conflict("versioning is unsupported for this bucket");
    return;
  }
  if (versioning < BucketVersioning.Enabled) {
    throw conflict("versioning may only be suspended for buckets with versioning enabled");
  }
  if (objectLockEnabled !== 0) {
    throw rpcError(
      RpcStatus.ObjectLockInvalidBucketState,
      "bucket has Object Lock enabled: versioning may not be suspended for buckets with Object Lock enabled",
    );
  }
}

function conflict(text: string): Error {
  return rpcError(RpcStatus.FailedPrecondition, `bucket operation conflict: ${text}`);
}
