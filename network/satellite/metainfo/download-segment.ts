import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { DownloadSegmentRequest, DownloadSegmentResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { lastCommittedObject } from "../data/find-object.js";
import { lastSegment, segmentAt } from "../data/list-segments.js";
import { microsOfMillis } from "../data/times.js";
import { openStreamId } from "../ids/stream-id.js";
import { refuseServerSideCopy } from "./download-object.js";
import type { Handler } from "./handler.js";
import { segmentDownloadMessage } from "./segment-download-message.js";

export const downloadSegment: Handler<DownloadSegmentRequest, DownloadSegmentResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const projectId = caller.project.id;
  const stream = openStreamId(satellite.seal, projectId, request.streamId);
  await caller.require({ op: Action.Read, bucket: stream.bucket, path: stream.encryptedObjectKey });
  refuseServerSideCopy(request.serverSideCopy);
  await satellite.usage.checkDownload(caller.project);

  const part = request.cursorPosition?.partNumber ?? 0;
  const index = request.cursorPosition?.index ?? 0;
  const owner = { projectId, bucket: stream.bucket };
  const options = { orderLimit: undefined, desiredNodes: request.desiredNodes, nowMs: caller.time, owner };
  if (part === 0 && index === -1) {
    // Clients from before there were parts ask so for the last segment.
    if (stream.multipartObject) {
      throw rpcError(RpcStatus.Unimplemented, "Used uplink version cannot download multipart objects.");
    }
    const location = { projectId, bucket: stream.bucket, key: stream.encryptedObjectKey };
    const object = await lastCommittedObject(satellite.db.read, location, microsOfMillis(caller.time));
    const last = await lastSegment(satellite.db.read, object.streamId);
    satellite.usage.downloaded(projectId, last.encryptedSize);
    return segmentDownloadMessage(satellite, last, options);
  }
  const segment = await segmentAt(satellite.db.read, stream.streamId, { part, index });
  satellite.usage.downloaded(projectId, segment.encryptedSize);
  return segmentDownloadMessage(satellite, segment, options);
};
