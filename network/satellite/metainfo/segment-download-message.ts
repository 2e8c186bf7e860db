import type { DownloadSegmentResponse } from "../../../proto/gen/metainfo.js";
import { isInline, type SegmentRecord } from "../data/segment-record.js";
import { createDownloadLimits } from "../orders/download-limits.js";
import type { OrderOwner } from "../orders/order-metadata.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { redundancyMessage } from "./redundancy-message.js";
import { positionMessage } from "./segment-position.js";

const none = new Uint8Array(0);

/** What a client needs to fetch one segment: its data, or order limits for nodes that hold pieces of it. */
export function segmentDownloadMessage(
  satellite: SatelliteParts,
  segment: SegmentRecord,
  options: { orderLimit: number | undefined; desiredNodes: number; nowMs: number; owner: OrderOwner },
): DownloadSegmentResponse {
  const common: DownloadSegmentResponse = {
    segmentId: none,
    addressedLimits: [],
    privateKey: none,
    encryptedInlineData: none,
    segmentSize: segment.encryptedSize,
    encryptedKeyNonce: segment.keyNonce,
    encryptedKey: segment.encryptedKey,
    next: undefined,
    redundancyScheme: undefined,
    position: positionMessage(segment),
    plainOffset: segment.plainOffset,
    plainSize: segment.plainSize,
  };
  if (isInline(segment)) return { ...common, encryptedInlineData: segment.inlineData ?? none };
  const limits = createDownloadLimits(satellite.identity, satellite.nodes, {
    segment,
    ...options,
    expirationMs: satellite.config.times.orderExpirationMs,
    metadata: satellite.orderMetadata.seal(options.owner),
  });
  return { ...common, ...limits, redundancyScheme: redundancyMessage(segment) };
}
