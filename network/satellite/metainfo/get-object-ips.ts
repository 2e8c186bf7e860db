import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import type { GetObjectIPsRequest, GetObjectIPsResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { maxListLimit } from "../data/list-limit.js";
import { listSegments } from "../data/list-segments.js";
import type { ObjectRecord } from "../data/object-record.js";
import { decodePieces } from "../data/pieces.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { requestedObject } from "./find-requested.js";
import type { Handler } from "./handler.js";
import { checkBucketLength, checkObjectVersion } from "./validate.js";

/**
 * Where the pieces of an object are: addresses of the nodes that are online. Of the version asked for; the real
 * satellite always takes the newest.
 */
export const getObjectIps: Handler<GetObjectIPsRequest, GetObjectIPsResponse> = async (satellite, request) => {
  checkBucketLength(request.bucket);
  checkObjectVersion(request.objectVersion);
  const caller = await satellite.access.caller(request.header);
  const at = { bucket: request.bucket, path: request.encryptedObjectKey };
  await caller.requireAny({ op: Action.Read, ...at }, { op: Action.List, ...at });

  const projectId = caller.project.id;
  const location = { projectId, bucket: request.bucket, key: request.encryptedObjectKey };
  const object = await requestedObject(satellite.db.read, location, request.objectVersion, caller.time);
  const bucket = await satellite.buckets.get(projectId, request.bucket);
  const ips: Uint8Array[] = [];
  let pieceCount = 0;
  let reliablePieceCount = 0;
  for (const { nodeId, count } of await piecesByNode(satellite, object)) {
    pieceCount += count;
    const node = satellite.nodes.get(nodeId);
    if (node === undefined || !satellite.nodes.isOnline(node)) continue;
    ips.push(utf8(node.lastIpPort));
    reliablePieceCount += count;
  }
  return {
    ips,
    segmentCount: object.segmentCount,
    pieceCount,
    reliablePieceCount,
    placementConstraint: bucket.placement,
  };
};

async function piecesByNode(
  satellite: SatelliteParts,
  object: ObjectRecord,
): Promise<{ nodeId: Uint8Array; count: number }[]> {
  const counts = new Map<string, { nodeId: Uint8Array; count: number }>();
  let cursor = { part: 0, index: 0 };
  for (;;) {
    const list = { streamId: object.streamId, cursor, limit: maxListLimit };
    const { segments, more } = await listSegments(satellite.db.read, list);
    for (const { pieces } of segments) {
      for (const { nodeId } of pieces === null ? [] : decodePieces(pieces)) {
        const entry = counts.get(toHex(nodeId));
        if (entry === undefined) counts.set(toHex(nodeId), { nodeId, count: 1 });
        else entry.count += 1;
      }
    }
    if (!more) return [...counts.values()];
    cursor = segments.at(-1)!;
  }
}
