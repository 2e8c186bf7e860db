import { isPosternError } from "../../../core/errors.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type {
  BeginDeleteObjectRequest,
  BeginDeleteObjectResponse,
  Object as ObjectMessage,
} from "../../../proto/gen/metainfo.js";
import { Action, type Caller } from "../access/caller.js";
import { findBucket } from "../data/buckets.js";
import { deletePendingObject } from "../data/delete-object.js";
import { objectNotFound } from "../data/errors.js";
import type { ObjectRecord } from "../data/object-record.js";
import { ObjectStatus } from "../data/object-status.js";
import { microsOfMillis } from "../data/times.js";
import { openStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { deleteCommitted } from "./delete-committed.js";
import type { Handler } from "./handler.js";
import { objectMessage } from "./object-message.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

export const beginDeleteObject: Handler<BeginDeleteObjectRequest, BeginDeleteObjectResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  await caller.require({ op: Action.Delete, ...at });
  if (request.bypassGovernanceRetention) await caller.require({ op: Action.BypassGovernanceRetention, ...at });
  const seesResult = (await caller.may({ op: Action.Read, ...at })) || (await caller.may({ op: Action.List, ...at }));
  const sight = { retention: await caller.may({ op: Action.GetObjectRetention, ...at }), legalHold: true };

  let deleted: ObjectMessage | undefined;
  if (request.status === ObjectStatus.Pending && request.streamId.length === 0) {
    throw rpcError(RpcStatus.InvalidArgument, "StreamID missing");
  }
  try {
    const object =
      request.status === ObjectStatus.Pending
        ? await deleteUpload(satellite, caller, request)
        : await deleteObject(satellite, caller, request);
    deleted = object && objectMessage(satellite, caller.project.id, request.bucket, object, sight);
  } catch (error) {
    // Who may neither read nor list learns nothing, not even that there was an error.
    if (seesResult) throw error;
  }
  return { streamId: new Uint8Array(0), object: seesResult ? deleted : undefined };
};

async function deleteUpload(
  satellite: SatelliteParts,
  caller: Caller,
  request: BeginDeleteObjectRequest,
): Promise<ObjectRecord> {
  const projectId = caller.project.id;
  const stream = openStreamId(satellite.seal, projectId, request.streamId);
  // The id names the upload; that it is one of the key that was checked is for the id to show.
  await caller.require({ op: Action.Delete, bucket: stream.bucket, path: stream.encryptedObjectKey });
  const object = await satellite.db.write((tx) =>
    deletePendingObject(tx, {
      projectId,
      bucket: stream.bucket,
      key: stream.encryptedObjectKey,
      version: stream.version,
      streamId: stream.streamId,
    }),
  );
  if (object === undefined) throw objectNotFound("metabase: no rows deleted");
  return object;
}

/** What was removed, or else the marker that was added. A missing object, or bucket, is as good as deleted. */
async function deleteObject(
  satellite: SatelliteParts,
  caller: Caller,
  request: BeginDeleteObjectRequest,
): Promise<ObjectRecord | undefined> {
  const projectId = caller.project.id;
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const lock = { bypassGovernance: request.bypassGovernanceRetention, now: microsOfMillis(caller.time) };
  try {
    const deletion = await satellite.db.write(async (tx) => {
      const bucket = await findBucket(tx, projectId, request.bucket);
      return bucket && deleteCommitted(tx, bucket, location, request.objectVersion, lock);
    });
    return deletion?.removed ?? deletion?.marker;
  } catch (error) {
    throw withPrefix(error);
  }
}

/** The real satellite names another of its parts in these texts, as it does nowhere else. */
function withPrefix(error: unknown): unknown {
  if (!isPosternError(error)) return error;
  if (error.status === RpcStatus.InvalidArgument) return rpcError(error.status, `metainfo: ${error.message}`, error);
  return error.status === RpcStatus.NotFound ? objectNotFound(`metainfo: ${error.message}`) : error;
}
