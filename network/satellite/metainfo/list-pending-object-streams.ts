import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { ListPendingObjectStreamsRequest, ListPendingObjectStreamsResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { invalidRequest } from "../data/errors.js";
import { listLimit } from "../data/list-limit.js";
import { listPendingStreams } from "../data/list-pending.js";
import { openStreamId } from "../ids/stream-id.js";
import type { Handler } from "./handler.js";
import { objectListItem } from "./object-list-item.js";
import { checkBucketLength } from "./validate.js";

const everything = {
  systemMetadata: true,
  customMetadata: true,
  etag: true,
  etagOrCustomMetadata: false,
  checksum: true,
  legacyStreamMeta: true,
  objectVersion: true,
};

/** All uploads under way of exactly one key. */
export const listPendingObjectStreams: Handler<
  ListPendingObjectStreamsRequest,
  ListPendingObjectStreamsResponse
> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.List, bucket: request.bucket, path: request.encryptedObjectKey });
  const projectId = caller.project.id;
  const bucket = await satellite.buckets.get(projectId, request.bucket);
  if (request.limit < 0) throw rpcError(RpcStatus.InvalidArgument, "limit is negative");

  const { streamIdCursor } = request;
  const after =
    streamIdCursor.length === 0 ? undefined : openStreamId(satellite.seal, projectId, streamIdCursor).streamId;
  if (request.encryptedObjectKey.length === 0) throw invalidRequest("ObjectKey missing");
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const page = await listPendingStreams(satellite.db.read, location, after, listLimit(request.limit));
  const context = { satellite, projectId, bucket, includes: everything };
  return {
    items: page.objects.map((object) => objectListItem(context, { key: object.key, object, latest: false })),
    more: page.more,
  };
};
