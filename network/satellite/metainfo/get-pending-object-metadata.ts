import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { GetPendingObjectMetadataRequest, GetPendingObjectMetadataResponse } from "../../../proto/gen/metainfo.js";
import type { StreamID } from "../../../proto/gen/metainfo_sat.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import { Action } from "../access/caller.js";
import { objectNotFound } from "../data/errors.js";
import { pendingObject } from "../data/find-object.js";
import { openStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import type { Handler } from "./handler.js";
import { checksumFields, streamMetaOf } from "./user-data-message.js";
import { checkBucketLength } from "./validate.js";

export const getPendingObjectMetadata: Handler<
  GetPendingObjectMetadataRequest,
  GetPendingObjectMetadataResponse
> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  await caller.requireAny({ op: Action.Read, ...at }, { op: Action.List, ...at });
  const projectId = caller.project.id;
  const stream = streamIdOf(satellite, projectId, request.streamId);
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const object = await pendingObject(satellite.db.read, location, stream.version, stream.streamId);
  if (object === undefined) throw objectNotFound("metabase: sql: no rows in result set");

  const none = new Uint8Array(0);
  const meta = streamMetaOf(object.metadata);
  meta.encryptionType ||= object.cipher;
  return {
    encryptedMetadataNonce: object.metadataNonce ?? none,
    encryptedMetadataEncryptedKey: object.metadataKey ?? none,
    encryptedMetadata: StreamMeta.encode(meta).finish(),
    encryptedEtag: object.etag ?? none,
    ...checksumFields(object),
  };
};

/** This call alone has a status of its own for a bad stream id. */
function streamIdOf(satellite: SatelliteParts, projectId: Uint8Array, bytes: Uint8Array): StreamID {
  try {
    return openStreamId(satellite.seal, projectId, bytes);
  } catch (cause) {
    throw rpcError(RpcStatus.StreamIDInvalid, "signature is not valid", cause);
  }
}
