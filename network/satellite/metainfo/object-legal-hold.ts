import type {
  GetObjectLegalHoldRequest,
  GetObjectLegalHoldResponse,
  SetObjectLegalHoldRequest,
  SetObjectLegalHoldResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { lockableObject, setLegalHold } from "../data/update-lock.js";
import type { Handler } from "./handler.js";
import { lockTarget } from "./lock-target.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

export const getObjectLegalHold: Handler<GetObjectLegalHoldRequest, GetObjectLegalHoldResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.GetObjectLegalHold, bucket: request.bucket, path: request.encryptedObjectKey });
  const { location, version } = await lockTarget(satellite, caller, request);
  const object = await lockableObject(satellite.db.read, location, version);
  return { enabled: object.legalHold !== 0 };
};

export const setObjectLegalHold: Handler<SetObjectLegalHoldRequest, SetObjectLegalHoldResponse> = async (
  satellite,
  request,
) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.PutObjectLegalHold, bucket: request.bucket, path: request.encryptedObjectKey });
  const { location, version } = await lockTarget(satellite, caller, request);
  await satellite.db.write((tx) => setLegalHold(tx, location, version, request.enabled));
  return {};
};
