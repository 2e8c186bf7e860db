import { compareBytes, equalBytes, toHex } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import {
  type DeleteObjectsRequest,
  type DeleteObjectsRequestItem,
  type DeleteObjectsResponse,
  type DeleteObjectsResponseItem,
  DeleteObjectsResponseItem_Status as ItemStatus,
} from "../../../proto/gen/metainfo.js";
import { Action, type Caller } from "../access/caller.js";
import { type BucketRecord, findBucket } from "../data/buckets.js";
import { streamOfVersion } from "../data/delete-object.js";
import type { ObjectLocation, ObjectRecord } from "../data/object-record.js";
import type { Queries } from "../db/queries.js";
import { objectVersion, versionNumber } from "../ids/object-version.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { deleteCommitted } from "./delete-committed.js";
import type { Handler } from "./handler.js";
import { bucketLengthProblem } from "./validate.js";

const maxItems = 1000;
/** Objects deleted in one transaction: others write in between. */
const batchSize = 50;

export const deleteObjects: Handler<DeleteObjectsRequest, DeleteObjectsResponse> = async (satellite, request) => {
  checkRequest(request, satellite.config.limits.maxKeyLength);
  const caller = await satellite.access.caller(request.header);
  const items = sortedOnce(request.items);

  if (!(await caller.may({ op: Action.Read, bucket: request.bucket }))) {
    return { items: items.map((item) => responseItem(item, ItemStatus.UNAUTHORIZED)) };
  }
  const bucket = await findBucket(satellite.db.read, caller.project.id, request.bucket);
  if (bucket === undefined) throw rpcError(RpcStatus.BucketNotFound, "The specified bucket was not found");

  const allowed: DeleteObjectsRequestItem[] = [];
  const results: DeleteObjectsResponseItem[] = [];
  for (const item of items) {
    if (await mayDelete(caller, request, item)) allowed.push(item);
    else results.push(responseItem(item, ItemStatus.UNAUTHORIZED));
  }
  for (let i = 0; i < allowed.length; i += batchSize) {
    results.push(...(await deleteBatch(satellite, caller, bucket, allowed.slice(i, i + batchSize))));
  }
  return { items: request.quiet ? results.filter((item) => item.status !== ItemStatus.OK) : results };
};

function checkRequest(request: DeleteObjectsRequest, maxKeyLength: number): void {
  if (request.bucket.length === 0) throw rpcError(RpcStatus.BucketNameMissing, "A bucket name is required");
  const problem = bucketLengthProblem(request.bucket);
  if (problem !== undefined) throw rpcError(RpcStatus.BucketNameInvalid, problem);
  if (request.items.length === 0) {
    throw rpcError(RpcStatus.DeleteObjectsNoItems, "The list of objects must contain at least one item");
  }
  if (request.items.length > maxItems) {
    throw rpcError(RpcStatus.DeleteObjectsTooManyItems, "The list of objects contains too many items");
  }
  for (const { encryptedObjectKey: key, objectVersion: version } of request.items) {
    if (key.length === 0) throw rpcError(RpcStatus.ObjectKeyMissing, "An object key was not provided");
    if (key.length > maxKeyLength) {
      throw rpcError(RpcStatus.ObjectKeyTooLong, "A provided object key is too long");
    }
    const unset = version.length === 16 && version.subarray(0, 8).every((byte) => byte === 0);
    if (unset || (version.length !== 0 && version.length !== 16)) {
      throw rpcError(RpcStatus.ObjectVersionInvalid, "A provided object version is invalid");
    }
  }
}

async function mayDelete(
  caller: Caller,
  request: DeleteObjectsRequest,
  item: DeleteObjectsRequestItem,
): Promise<boolean> {
  const at = { bucket: request.bucket, path: item.encryptedObjectKey };
  if (!(await caller.may({ op: Action.Delete, ...at }))) return false;
  return !request.bypassGovernanceRetention || caller.may({ op: Action.BypassGovernanceRetention, ...at });
}

async function deleteBatch(
  satellite: SatelliteParts,
  caller: Caller,
  bucket: BucketRecord,
  items: readonly DeleteObjectsRequestItem[],
): Promise<DeleteObjectsResponseItem[]> {
  const projectId = caller.project.id;
  return satellite.db.write(async (tx) => {
    const results: DeleteObjectsResponseItem[] = [];
    const removedByKey = new Map<string, ObjectRecord>();
    for (const item of items) {
      const key = item.encryptedObjectKey;
      const location = { projectId, bucket: bucket.name, key };
      const named = await namesExisting(tx, location, item.objectVersion);
      const removed = named ? await deleteCommitted(tx, bucket, location, item.objectVersion) : undefined;
      if (removed !== undefined) removedByKey.set(toHex(key), removed);
      // One object may be named twice, by its key alone and by its version: both have had their way.
      const same = removed ?? removedByKey.get(toHex(key));
      const gone = same !== undefined && names(item, same) ? same : undefined;
      results.push(responseItem(item, gone === undefined ? ItemStatus.NOT_FOUND : ItemStatus.OK, gone));
    }
    return results;
  });
}

/** This call, unlike others, wants the stream of a version to be the one that the client means. */
async function namesExisting(tx: Queries, location: ObjectLocation, version: Uint8Array): Promise<boolean> {
  if (version.length === 0) return true;
  const number = versionNumber(version);
  const streamId = await streamOfVersion(tx, location, number);
  return streamId !== undefined && equalBytes(version, objectVersion(number, streamId));
}

function names(item: DeleteObjectsRequestItem, object: ObjectRecord): boolean {
  const version = item.objectVersion;
  return version.length === 0 || equalBytes(version, objectVersion(object.version, object.streamId));
}

function responseItem(
  item: DeleteObjectsRequestItem,
  status: ItemStatus,
  removed?: ObjectRecord,
): DeleteObjectsResponseItem {
  return {
    encryptedObjectKey: item.encryptedObjectKey,
    requestedObjectVersion: item.objectVersion,
    removed: removed && {
      objectVersion: objectVersion(removed.version, removed.streamId),
      status: removed.status,
    },
    marker: undefined,
    status,
  };
}

/** Shorter keys first, then by bytes, and each item once. */
function sortedOnce(items: readonly DeleteObjectsRequestItem[]): DeleteObjectsRequestItem[] {
  const sorted = [...items].sort(compareItems);
  return sorted.filter((item, i) => i === 0 || compareItems(item, sorted[i - 1]!) !== 0);
}

function compareItems(a: DeleteObjectsRequestItem, b: DeleteObjectsRequestItem): number {
  return shortlex(a.encryptedObjectKey, b.encryptedObjectKey) || shortlex(a.objectVersion, b.objectVersion);
}

function shortlex(a: Uint8Array, b: Uint8Array): number {
  return a.length - b.length || compareBytes(a, b);
}
