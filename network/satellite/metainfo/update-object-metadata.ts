import { isPosternError } from "../../../core/errors.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { UpdateObjectMetadataRequest, UpdateObjectMetadataResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { objectNotFound } from "../data/errors.js";
import { microsOfMillis } from "../data/times.js";
import { updateMetadata } from "../data/update-metadata.js";
import { checkUserData } from "../data/user-data.js";
import { openStreamId } from "../ids/stream-id.js";
import { checkChecksum } from "./checksums.js";
import type { Handler } from "./handler.js";
import { checkUserDataSize, userDataOf } from "./user-data-message.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

export const updateObjectMetadata: Handler<UpdateObjectMetadataRequest, UpdateObjectMetadataResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.Write, bucket: request.bucket, path: request.encryptedObjectKey });
  checkChecksum(satellite.config, request);
  const includes = includesOf(request);
  const userData = userDataOf(request);
  checkUserDataSize(userData, satellite.config.limits);
  const projectId = caller.project.id;
  const { streamId } = openStreamId(satellite.seal, projectId, request.streamId);
  checkUserData(userData);
  try {
    await satellite.db.write((tx) =>
      updateMetadata(tx, {
        projectId,
        bucket: request.bucket,
        key: request.encryptedObjectKey,
        streamId,
        userData,
        includes,
        now: microsOfMillis(caller.time),
      }),
    );
  } catch (error) {
    // Old clients do not know the status for what they left out, and take it for a lost race.
    const tooFew = isPosternError(error) && error.status === RpcStatus.InsufficientObjectMetadataIncludes;
    throw tooFew && request.includes === undefined ? objectNotFound() : error;
  }
  return {};
};

function includesOf(request: UpdateObjectMetadataRequest): { metadata: boolean; etag: boolean; checksum: boolean } {
  const { includes } = request;
  if (includes === undefined) return { metadata: true, etag: request.setEncryptedEtag, checksum: false };
  if (!includes.custom && !includes.etag && !includes.checksum) {
    throw rpcError(RpcStatus.ObjectMetadataIncludesInvalid, "Includes must not be empty");
  }
  return { metadata: includes.custom, etag: includes.etag, checksum: includes.checksum };
}
