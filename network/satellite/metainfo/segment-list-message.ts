import type { SegmentListItem } from "../../../proto/gen/metainfo.js";
import type { SegmentInfo } from "../data/segment-record.js";
import { timestampOfMicros } from "../data/times.js";
import { positionMessage } from "./segment-position.js";

export function segmentListItem(segment: SegmentInfo): SegmentListItem {
  const none = new Uint8Array(0);
  return {
    position: positionMessage(segment),
    plainSize: segment.plainSize,
    createdAt: timestampOfMicros(segment.createdAt),
    plainOffset: segment.plainOffset,
    encryptedETag: segment.etag ?? none,
    encryptedKeyNonce: segment.keyNonce,
    encryptedKey: segment.encryptedKey,
    encryptedChecksum: segment.checksum ?? none,
  };
}
