import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { DownloadObjectRequest, DownloadObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { listSegments, type PlainRange, type SegmentPage } from "../data/list-segments.js";
import type { ObjectLocation, ObjectRecord } from "../data/object-record.js";
import type { SegmentRecord } from "../data/segment-record.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { encryptedBytesOfRange, pieceBytesOfRange, plainRange } from "./download-range.js";
import { requestedObject } from "./find-requested.js";
import type { Handler } from "./handler.js";
import { objectMessage } from "./object-message.js";
import { segmentDownloadMessage } from "./segment-download-message.js";
import { segmentListItem } from "./segment-list-message.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

export const downloadObject: Handler<DownloadObjectRequest, DownloadObjectResponse> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  await caller.require({ op: Action.Read, ...at });
  const sight = {
    retention: await caller.may({ op: Action.GetObjectRetention, ...at }),
    legalHold: await caller.may({ op: Action.GetObjectLegalHold, ...at }),
  };
  refuseServerSideCopy(request.serverSideCopy);
  await satellite.usage.checkDownload(caller.project);

  const projectId = caller.project.id;
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const { object, range, page } = await readObject(satellite, location, request, caller.time);
  const [first] = page.segments;
  if (first !== undefined) satellite.usage.downloaded(projectId, encryptedBytesOfRange(first, object, range));
  return {
    object: objectMessage(satellite, projectId, request.bucket, object, sight),
    segmentList: {
      items: page.segments.map(segmentListItem),
      more: page.more,
      encryptionParameters: undefined,
    },
    segmentDownload:
      first === undefined
        ? []
        : [
            segmentDownloadMessage(satellite, first, {
              orderLimit: pieceBytesOfRange(first, object, range),
              desiredNodes: request.desiredNodes,
              nowMs: caller.time,
              owner: { projectId, bucket: request.bucket },
            }),
          ],
  };
};

interface ReadObject {
  readonly object: ObjectRecord;
  readonly range: PlainRange | undefined;
  readonly page: SegmentPage<SegmentRecord>;
}

/** Object and segments are read one after the other: one that is overwritten in between is read once more. */
async function readObject(
  satellite: SatelliteParts,
  location: ObjectLocation,
  request: DownloadObjectRequest,
  nowMs: number,
): Promise<ReadObject> {
  for (let attempt = 1; ; attempt++) {
    const object = await requestedObject(satellite.db.read, location, request.objectVersion, nowMs);
    const range = plainRange(object, request.range);
    const page = await listSegments(satellite.db.read, { streamId: object.streamId, range, limit: request.limit });
    const overlaps = range === undefined || (range.start < object.plainSize && range.limit > Math.max(0, range.start));
    const gone = page.segments.length === 0 && object.segmentCount > 0 && overlaps;
    if (!gone || attempt === 3) return { object, range, page };
  }
}

/** Only clients that the satellite trusts may keep traffic out of the accounts; here there are none. */
export function refuseServerSideCopy(flag: boolean): void {
  if (flag) {
    throw rpcError(RpcStatus.InvalidArgument, "ServerSideCopy flag is only allowed for trusted uplink clients");
  }
}
