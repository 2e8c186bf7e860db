import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { DeleteBucketRequest, DeleteBucketResponse } from "../../../proto/gen/metainfo.js";
import { Action, unauthorized } from "../access/caller.js";
import { deleteBucketRow, deleteSomeObjects, findBucket, isBucketEmpty } from "../data/buckets.js";
import { bucketNotFound } from "../data/errors.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { bucketMessage } from "./bucket-message.js";
import type { Handler } from "./handler.js";
import { checkBucketLength } from "./validate.js";

/** Objects deleted in one transaction: others write in between. */
const deleteBatch = 100;

export const deleteBucket: Handler<DeleteBucketRequest, DeleteBucketResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const { name } = request;
  await caller.require({ op: Action.Delete, bucket: name });
  if (request.bypassGovernanceRetention) {
    await caller.require({ op: Action.BypassGovernanceRetention, bucket: name });
  }
  const canRead = await caller.may({ op: Action.Read, bucket: name });
  const canList = await caller.may({ op: Action.List, bucket: name });
  checkBucketLength(name);

  const projectId = caller.project.id;
  const bucket = await findBucket(satellite.db.read, projectId, name);
  if (bucket === undefined) throw bucketNotFound(name);
  if (bucket.objectLockEnabled !== 0 && request.deleteAll && !request.bypassGovernanceRetention) throw unauthorized();

  // Without Read and List the caller learns nothing, not even that the call failed.
  const seesResult = canRead || canList;
  const message = seesResult ? bucketMessage(bucket, satellite.config) : undefined;
  if (await deleteIfEmpty(satellite, projectId, name)) return { bucket: message, deletedObjectsCount: 0 };
  if (!seesResult) return { bucket: undefined, deletedObjectsCount: 0 };
  if (!request.deleteAll || !canList) throw rpcError(RpcStatus.FailedPrecondition, "bucket not empty");

  const deletedObjectsCount = await deleteAllObjects(satellite, projectId, name);
  if (!(await deleteIfEmpty(satellite, projectId, name))) {
    throw rpcError(RpcStatus.FailedPrecondition, "cannot delete the bucket because it's being used by another process");
  }
  return { bucket: message, deletedObjectsCount };
};

async function deleteIfEmpty(satellite: SatelliteParts, projectId: Uint8Array, name: Uint8Array): Promise<boolean> {
  const deleted = await satellite.db.write(async (tx) => {
    if (!(await isBucketEmpty(tx, projectId, name))) return false;
    await deleteBucketRow(tx, projectId, name);
    return true;
  });
  if (deleted) satellite.buckets.forget(projectId, name);
  return deleted;
}

async function deleteAllObjects(satellite: SatelliteParts, projectId: Uint8Array, name: Uint8Array): Promise<number> {
  let total = 0;
  for (;;) {
    const some = await satellite.db.write((tx) => deleteSomeObjects(tx, projectId, name, deleteBatch));
    total += some;
    if (some < deleteBatch) return total;
  }
}
