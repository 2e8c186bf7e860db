import type { ListSegmentsRequest, ListSegmentsResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { listSegmentInfos } from "../data/list-segments.js";
import { openStreamId } from "../ids/stream-id.js";
import type { Handler } from "./handler.js";
import { segmentListItem } from "./segment-list-message.js";

/** The segments of an object or an upload, also of one under way. The range in the request counts for nothing. */
export const listSegments: Handler<ListSegmentsRequest, ListSegmentsResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const stream = openStreamId(satellite.seal, caller.project.id, request.streamId);
  await caller.require({ op: Action.Read, bucket: stream.bucket, path: stream.encryptedObjectKey });
  const { cursorPosition } = request;
  const page = await listSegmentInfos(satellite.db.read, {
    streamId: stream.streamId,
    cursor: { part: cursorPosition?.partNumber ?? 0, index: cursorPosition?.index ?? 0 },
    limit: request.limit,
  });
  return {
    items: page.segments.map(segmentListItem),
    more: page.more,
    encryptionParameters: stream.encryptionParameters,
  };
};
