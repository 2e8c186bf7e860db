import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import {
  type GetBucketTaggingRequest,
  GetBucketTaggingResponse,
  type SetBucketTaggingRequest,
  type SetBucketTaggingResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { bucketSetting, setBucketSetting } from "../data/bucket-settings.js";
import { bucketNotFound } from "../data/errors.js";
import { checkTags } from "./bucket-tags.js";
import type { Handler } from "./handler.js";
import { bucketLengthProblem } from "./validate.js";

export const getBucketTagging: Handler<GetBucketTaggingRequest, GetBucketTaggingResponse> = async (
  satellite,
  request,
) => {
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.Read, bucket: request.name });
  checkBucketName(request.name);
  const tags = await bucketSetting(satellite.db.read, caller.project.id, request.name, "tags");
  if (tags === undefined) throw bucketNotFound(request.name);
  if (tags.value === null) throw rpcError(RpcStatus.TagsNotFound, "No tags are set on the bucket");
  return GetBucketTaggingResponse.decode(tags.value);
};

/** Replaces all tags; no tags is none at all. */
export const setBucketTagging: Handler<SetBucketTaggingRequest, SetBucketTaggingResponse> = async (
  satellite,
  request,
) => {
  const caller = await satellite.access.caller(request.header);
  const { name } = request;
  await caller.require({ op: Action.Write, bucket: name });
  checkBucketName(name);
  checkTags(request.tags);
  const tags = request.tags.map(({ key, value }) => ({ key, value }));
  const value = tags.length === 0 ? null : GetBucketTaggingResponse.encode({ tags }).finish();
  const found = await satellite.db.write((tx) => setBucketSetting(tx, caller.project.id, name, "tags", value));
  if (!found) throw bucketNotFound(name);
  return {};
};

/** These calls have statuses of their own for it. */
function checkBucketName(name: Uint8Array): void {
  if (name.length === 0) throw rpcError(RpcStatus.BucketNameMissing, "A bucket name is required");
  const problem = bucketLengthProblem(name);
  if (problem !== undefined) throw rpcError(RpcStatus.BucketNameInvalid, problem);
}
