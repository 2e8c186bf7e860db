import {
  GetObjectIPsRequest,
  GetObjectRequest,
  type Object as MetainfoObject,
  Object_Status,
  type ObjectListItem,
} from "../proto/gen/metainfo.js";
import type { Key, ObjectInfo, ObjectPlacement, VersionSettings } from "./api.js";
import { utf8Text } from "./bytes/bytes.js";
import { millisOfTimestamp, type Timestamp } from "./bytes/timestamp.js";
import type { ProjectContext } from "./context.js";
import { PosternError } from "./errors.js";
import { locate } from "./location.js";
import { retentionOf } from "./lock.js";
import { type OpenedMetadata, openMetadata } from "./metadata.js";

export function dateOf(time: Timestamp | undefined): Date | undefined {
  const ms = millisOfTimestamp(time);
  return ms === undefined ? undefined : new Date(ms);
}

/** Plain size of an object; very old ones keep it in their metadata (storj/uplink private/metaclient/objects.go). */
export function plainSizeOf(size: number, opened: OpenedMetadata): number {
  if (size > 0 || opened.numberOfSegments <= 0) return size;
  return (opened.numberOfSegments - 1) * opened.segmentsSize + opened.lastSegmentSize;
}

export function isDeleteMarker(status: Object_Status): boolean {
  return status === Object_Status.DELETE_MARKER_VERSIONED || status === Object_Status.DELETE_MARKER_UNVERSIONED;
}

function isVersioned(status: Object_Status): boolean {
  return status === Object_Status.COMMITTED_VERSIONED || status === Object_Status.DELETE_MARKER_VERSIONED;
}

/** What users see of an object that the satellite describes; `item` is a list item or an object reply. */
export function objectInfo(key: Uint8Array, item: MetainfoObject | ObjectListItem, opened: OpenedMetadata): ObjectInfo {
  return {
    key: utf8Text(key),
    keyBytes: key,
    size: plainSizeOf(item.plainSize, opened),
    createdAt: dateOf(item.createdAt) ?? new Date(0),
    expiresAt: dateOf(item.expiresAt),
    custom: opened.custom,
    etag: opened.etag,
    version: item.objectVersion,
    versioned: isVersioned(item.status),
    isDeleteMarker: isDeleteMarker(item.status),
    isLatest: undefined,
    retention: "retention" in item ? retentionOf(item.retention) : undefined,
    legalHold: "legalHold" in item ? item.legalHold : undefined,
  };
}

export function requireObject(object: MetainfoObject | undefined): MetainfoObject {
  if (object === undefined) throw new PosternError("protocol-error", "satellite answered without an object");
  return object;
}

export async function headObject(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { version, signal }: VersionSettings = {},
): Promise<ObjectInfo> {
  const at = locate(store, bucket, key);
  const request = GetObjectRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    redundancySchemePerSegment: true,
    objectVersion: version,
  });
  const [reply] = await metainfo.batch([{ $case: "objectGet", value: request }], "object", { signal });
  const object = requireObject(reply.object);
  return objectInfo(at.key, object, openMetadata(object, at.contentKey));
}

export async function objectPlacement(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { version, signal }: VersionSettings = {},
): Promise<ObjectPlacement> {
  const at = locate(store, bucket, key);
  const fields = GetObjectIPsRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
  });
  const { ips, segmentCount, pieceCount, reliablePieceCount, placementConstraint } = await metainfo.call(
    "getObjectIPs",
    fields,
    "object",
    { signal },
  );
  return { addresses: ips.map(utf8Text), segmentCount, pieceCount, reliablePieceCount, placementConstraint };
}
