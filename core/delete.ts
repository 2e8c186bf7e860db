import {
  BeginDeleteObjectRequest,
  DeleteObjectsRequest,
  type DeleteObjectsResponseItem,
  DeleteObjectsResponseItem_Status,
  type DeleteObjectsResponseItemInfo,
} from "../proto/gen/metainfo.js";
import type {
  DeletedVersion,
  DeleteItemResult,
  DeleteObjectOptions,
  DeleteObjectsOptions,
  DeleteResult,
  Key,
  ObjectToDelete,
} from "./api.js";
import { toHex, utf8Text } from "./bytes/bytes.js";
import type { ProjectContext } from "./context.js";
import { isPosternError } from "./errors.js";
import { bucketBytes, keyBytes, locate, type ObjectLocation } from "./location.js";
import { isDeleteMarker } from "./object.js";

export async function deleteObject(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { version, bypassGovernance = false, signal }: DeleteObjectOptions = {},
): Promise<DeleteResult> {
  const at = locate(store, bucket, key);
  const fields = BeginDeleteObjectRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
    bypassGovernanceRetention: bypassGovernance,
  });
  try {
    const { object } = await metainfo.call("beginDeleteObject", fields, "object", { signal });
    return {
      deleted: object !== undefined,
      version: object?.objectVersion,
      isDeleteMarker: object !== undefined && isDeleteMarker(object.status),
    };
  } catch (error) {
    // Versioned buckets answer so where unversioned ones answer with success.
    if (!isPosternError(error, "object-not-found")) throw error;
    return { deleted: false, version: undefined, isDeleteMarker: false };
  }
}

/** Items of one call (storj/storj satellite/metabase, DeleteObjectsMaxItems). */
const maximumItems = 1000;

export async function deleteObjects(
  context: ProjectContext,
  bucket: string,
  objects: readonly ObjectToDelete[],
  options: DeleteObjectsOptions = {},
): Promise<DeleteItemResult[]> {
  const bucketName = bucketBytes(bucket);
  const places = objects.map((object) => placeOf(context, bucket, object));
  const reached = places.filter((place) => place !== undefined);
  const results: DeleteItemResult[] = [];
  for (let from = 0; from < reached.length; from += maximumItems) {
    results.push(...(await deleteSome(context, bucketName, reached.slice(from, from + maximumItems), options)));
  }
  let next = 0;
  return objects.map(({ key }, index) =>
    places[index] === undefined ? unauthorized(keyBytes(key)) : results[next++]!,
  );
}

/** Undefined where the grant has no key for the path: it ends no other deletion. */
function placeOf({ store }: ProjectContext, bucket: string, { key, version }: ObjectToDelete): Place | undefined {
  try {
    return { at: locate(store, bucket, key), version };
  } catch (error) {
    if (isPosternError(error, "permission-denied")) return undefined;
    throw error;
  }
}

function unauthorized(key: Uint8Array): DeleteItemResult {
  return { key: utf8Text(key), keyBytes: key, status: "unauthorized", removed: undefined, marker: undefined };
}

interface Place {
  readonly at: ObjectLocation;
  readonly version: Uint8Array | undefined;
}

async function deleteSome(
  context: ProjectContext,
  bucket: Uint8Array,
  places: readonly Place[],
  options: DeleteObjectsOptions,
): Promise<DeleteItemResult[]> {
  try {
    return await deleteTogether(context, bucket, places, options);
  } catch (error) {
    // Satellites that do not have the call, or that have it turned off; those that never heard of it answer status 0.
    if (!isPosternError(error, "unimplemented", "unknown")) throw error;
  }
  const results: DeleteItemResult[] = [];
  for (const { at, version } of places) results.push(await deleteAlone(context, at, version, options));
  return results;
}

async function deleteAlone(
  context: ProjectContext,
  { bucket, key }: ObjectLocation,
  version: Uint8Array | undefined,
  options: DeleteObjectsOptions,
): Promise<DeleteItemResult> {
  const nothing = { key: utf8Text(key), keyBytes: key, removed: undefined, marker: undefined };
  try {
    const done = await deleteObject(context, utf8Text(bucket), key, { ...options, version });
    if (!done.deleted || done.version === undefined) return { ...nothing, status: "not-found" };
    const deleted = { version: done.version, isDeleteMarker: done.isDeleteMarker };
    const added = done.isDeleteMarker && version === undefined;
    return { ...nothing, status: "ok", ...(added ? { marker: deleted } : { removed: deleted }) };
  } catch (error) {
    if (isPosternError(error, "permission-denied")) return { ...nothing, status: "unauthorized" };
    if (isPosternError(error, "object-protected")) return { ...nothing, status: "locked" };
    throw error;
  }
}

async function deleteTogether(
  { metainfo }: ProjectContext,
  bucket: Uint8Array,
  places: readonly Place[],
  { bypassGovernance = false, signal }: DeleteObjectsOptions,
): Promise<DeleteItemResult[]> {
  const fields = DeleteObjectsRequest.fromPartial({
    bucket,
    bypassGovernanceRetention: bypassGovernance,
    items: places.map(({ at, version }) => ({ encryptedObjectKey: at.encryptedKey, objectVersion: version })),
  });
  const { items } = await metainfo.call("deleteObjects", fields, "list", { signal });
  // The satellite answers in an order of its own, and once for what was named twice.
  const answers = new Map(items.map((item) => [nameOf(item.encryptedObjectKey, item.requestedObjectVersion), item]));
  return places.map(({ at, version }) => resultOf(at.key, answers.get(nameOf(at.encryptedKey, version))));
}

function nameOf(key: Uint8Array, version: Uint8Array | undefined): string {
  return `${toHex(key)} ${toHex(version ?? new Uint8Array(0))}`;
}

const statuses: ReadonlyMap<DeleteObjectsResponseItem_Status, DeleteItemResult["status"]> = new Map([
  [DeleteObjectsResponseItem_Status.OK, "ok"],
  [DeleteObjectsResponseItem_Status.NOT_FOUND, "not-found"],
  [DeleteObjectsResponseItem_Status.UNAUTHORIZED, "unauthorized"],
  [DeleteObjectsResponseItem_Status.LOCKED, "locked"],
]);

function resultOf(key: Uint8Array, item: DeleteObjectsResponseItem | undefined): DeleteItemResult {
  return {
    key: utf8Text(key),
    keyBytes: key,
    status: (item && statuses.get(item.status)) ?? "error",
    removed: deletedVersion(item?.removed),
    marker: deletedVersion(item?.marker),
  };
}

function deletedVersion(info: DeleteObjectsResponseItemInfo | undefined): DeletedVersion | undefined {
  return info && { version: info.objectVersion, isDeleteMarker: isDeleteMarker(info.status) };
}
