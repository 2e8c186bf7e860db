import { compareBytes, equalBytes, toHex } from "../../../core/bytes/bytes.js";
import { isPosternError } from "../../../core/errors.js";
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
import { type Deletion, streamOfVersion } from "../data/delete-object.js";
import type { LockRules } from "../data/object-lock.js";
import type { ObjectLocation, ObjectRecord } from "../data/object-record.js";
import { microsOfMillis } from "../data/times.js";
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
  const lock = { bypassGovernance: request.bypassGovernanceRetention, now: microsOfMillis(caller.time) };
  const done: DeleteObjectsResponseItem[] = [];
  for (const batch of batchesOf(allowed)) done.push(...(await deleteBatch(satellite, caller, bucket, batch, lock)));
  // In the order of the real satellite, which sees to all items without a version first.
  results.push(...done.filter((item) => item.requestedObjectVersion.length === 0));
  results.push(...done.filter((item) => item.requestedObjectVersion.length > 0));
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

/** Runs of items, none of which parts the items of one key. */
function batchesOf(items: readonly DeleteObjectsRequestItem[]): DeleteObjectsRequestItem[][] {
  const batches: DeleteObjectsRequestItem[][] = [];
  for (const item of items) {
    const last = batches.at(-1);
    const sameKey = last !== undefined && equalBytes(last.at(-1)!.encryptedObjectKey, item.encryptedObjectKey);
    if (last !== undefined && (last.length < batchSize || sameKey)) last.push(item);
    else batches.push([item]);
  }
  return batches;
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
  lock: LockRules,
): Promise<DeleteObjectsResponseItem[]> {
  const projectId = caller.project.id;
  return satellite.db.write(async (tx) => {
    const results: DeleteObjectsResponseItem[] = [];
    // Items without a version come first in a run of one key, so what they did is known to those that follow.
    const byKey = new Map<string, Deletion>();
    for (const item of items) {
      const location = { projectId, bucket: bucket.name, key: item.encryptedObjectKey };
      const before = byKey.get(toHex(location.key));
      const outcome = await deleteItem(tx, bucket, location, item, before, lock);
      if (outcome.status === ItemStatus.OK && item.objectVersion.length === 0) byKey.set(toHex(location.key), outcome);
      results.push(responseItem(item, outcome.status, outcome));
    }
    return results;
  });
}

type Outcome = Deletion & { readonly status: ItemStatus };

const nothing: Deletion = { removed: undefined, marker: undefined };

async function deleteItem(
  tx: Queries,
  bucket: BucketRecord,
  location: ObjectLocation,
  item: DeleteObjectsRequestItem,
  before: Deletion | undefined,
  lock: LockRules,
): Promise<Outcome> {
  const version = item.objectVersion;
  if (version.length > 0) {
    // One object may be named twice, by its key alone and by its version: both have had their way.
    const removed = before?.removed;
    if (removed !== undefined && names(version, removed)) return { status: ItemStatus.OK, removed, marker: undefined };
    // A marker that this very call has made is not one that its sender can have meant.
    if (before?.marker !== undefined && names(version, before.marker))
      return { ...nothing, status: ItemStatus.NOT_FOUND };
    if (!(await namesExisting(tx, location, version))) return { ...nothing, status: ItemStatus.NOT_FOUND };
  }
  try {
    const deletion = await deleteCommitted(tx, bucket, location, version, lock);
    const found = deletion.removed !== undefined || deletion.marker !== undefined;
    return { ...deletion, status: found ? ItemStatus.OK : ItemStatus.NOT_FOUND };
  } catch (error) {
    // Both are found out before anything is written, so the transaction goes on.
    if (hasStatus(error, RpcStatus.ObjectLockObjectProtected)) return { ...nothing, status: ItemStatus.LOCKED };
    if (hasStatus(error, RpcStatus.NotFound)) return { ...nothing, status: ItemStatus.NOT_FOUND };
    throw error;
  }
}

function hasStatus(error: unknown, status: number): boolean {
  return isPosternError(error) && error.status === status;
}

/** This call, unlike others, wants the stream of a version to be the one that the client means. */
async function namesExisting(tx: Queries, location: ObjectLocation, version: Uint8Array): Promise<boolean> {
  const number = versionNumber(version);
  const streamId = await streamOfVersion(tx, location, number);
  return streamId !== undefined && equalBytes(version, objectVersion(number, streamId));
}

function names(version: Uint8Array, object: ObjectRecord): boolean {
  return equalBytes(version, objectVersion(object.version, object.streamId));
}

function responseItem(
  item: DeleteObjectsRequestItem,
  status: ItemStatus,
  { removed, marker }: Deletion = nothing,
): DeleteObjectsResponseItem {
  return {
    encryptedObjectKey: item.encryptedObjectKey,
    requestedObjectVersion: item.objectVersion,
    removed: removed && itemInfo(removed),
    marker: marker && itemInfo(marker),
    status,
  };
}

function itemInfo({ version, streamId, status }: ObjectRecord) {
  return { objectVersion: objectVersion(version, streamId), status };
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
