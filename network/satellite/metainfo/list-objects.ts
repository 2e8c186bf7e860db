import { concatBytes, equalBytes, utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { type ListObjectsRequest, type ListObjectsResponse, Object_Status } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { listLimit } from "../data/list-limit.js";
import { listObjects as list } from "../data/list-objects.js";
import { microsOfMillis } from "../data/times.js";
import { versionNumber } from "../ids/object-version.js";
import type { Handler } from "./handler.js";
import { type ItemIncludes, objectListItem } from "./object-list-item.js";
import { checkBucketLength } from "./validate.js";

const slash = utf8("/");

export const listObjects: Handler<ListObjectsRequest, ListObjectsResponse> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.List, bucket: request.bucket, path: request.encryptedPrefix });
  const projectId = caller.project.id;
  const bucket = await satellite.buckets.get(projectId, request.bucket);
  if (request.limit < 0) throw rpcError(RpcStatus.InvalidArgument, "limit is negative");

  const delimiter = request.delimiter.length === 0 ? slash : request.delimiter;
  const prefix = wholePrefix(request, delimiter);
  const pending = request.status === Object_Status.UPLOADING;
  const allVersions = request.includeAllVersions || pending;
  const version = request.versionCursor.length === 0 ? undefined : versionNumber(request.versionCursor);
  const includes = includesOf(request, pending, allVersions);
  const page = await list(satellite.db.read, {
    projectId,
    bucket: request.bucket,
    prefix,
    delimiter,
    recursive: request.recursive,
    cursor:
      request.encryptedCursor.length === 0 ? undefined : { key: concatBytes(prefix, request.encryptedCursor), version },
    pending,
    allVersions,
    limit: listLimit(request.limit),
    now: microsOfMillis(caller.time),
    metadata: includes.customMetadata ? "all" : includes.etagOrCustomMetadata ? "without-etag" : "none",
  });
  const context = { satellite, projectId, bucket, includes };
  return { items: page.entries.map((entry) => objectListItem(context, entry)), more: page.more };
};

/** Clients take the delimiter off the prefix's end; only with `arbitraryPrefix` does it stand as it is. */
function wholePrefix(request: ListObjectsRequest, delimiter: Uint8Array): Uint8Array {
  const prefix = request.encryptedPrefix;
  if (prefix.length === 0 || request.arbitraryPrefix) return prefix;
  const ends = equalBytes(prefix.subarray(Math.max(0, prefix.length - delimiter.length)), delimiter);
  return ends ? prefix : concatBytes(prefix, delimiter);
}

function includesOf(request: ListObjectsRequest, pending: boolean, allVersions: boolean): ItemIncludes {
  const asked = request.useObjectIncludes ? request.objectIncludes : undefined;
  if (!request.useObjectIncludes) {
    return {
      systemMetadata: true,
      customMetadata: true,
      etag: true,
      etagOrCustomMetadata: false,
      checksum: true,
      legacyStreamMeta: true,
      objectVersion: allVersions,
    };
  }
  return {
    // The upload id of a pending object is made from system metadata.
    systemMetadata: pending || !(asked?.excludeSystemMetadata ?? false),
    customMetadata: asked?.metadata ?? false,
    etag: asked?.includeEtag ?? false,
    etagOrCustomMetadata: asked?.includeEtagOrCustomMetadata ?? false,
    checksum: asked?.includeChecksum ?? false,
    legacyStreamMeta: false,
    objectVersion: allVersions,
  };
}
