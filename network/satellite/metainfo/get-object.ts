import type { GetObjectRequest, GetObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { listSegments } from "../data/list-segments.js";
import { requestedObject } from "./find-requested.js";
import type { Handler } from "./handler.js";
import { objectMessage } from "./object-message.js";
import { redundancyMessage } from "./redundancy-message.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

export const getObject: Handler<GetObjectRequest, GetObjectResponse> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  await caller.requireAny({ op: Action.Read, ...at }, { op: Action.List, ...at });
  const sight = {
    retention: await caller.may({ op: Action.GetObjectRetention, ...at }),
    legalHold: await caller.may({ op: Action.GetObjectLegalHold, ...at }),
  };

  const projectId = caller.project.id;
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const object = await requestedObject(satellite.db.read, location, request.objectVersion, caller.time);
  const message = objectMessage(satellite, projectId, request.bucket, object, sight);
  if (!request.redundancySchemePerSegment && object.segmentCount > 0) {
    // Very old clients (before uplink 1.4.2) look for the redundancy of segment 0 here.
    const { segments } = await listSegments(satellite.db.read, { streamId: object.streamId, limit: 1 });
    const [first] = segments;
    if (first !== undefined && first.part === 0 && first.index === 0) {
      message.redundancyScheme = redundancyMessage(first);
    }
  }
  return { object: message };
};
