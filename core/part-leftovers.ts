import { randomBytes } from "node:crypto";
import { ListSegmentsRequest, MakeInlineSegmentRequest } from "../proto/gen/metainfo.js";
import type { ProjectContext } from "./context.js";
import { encryptKey } from "./crypto/cipher.js";
import { isPosternError } from "./errors.js";
import { sealPartEtag } from "./metadata.js";
import type { BatchItem } from "./metainfo/batch.js";
import { contentCipher } from "./upload-stream.js";

/**
 * Segments that an upload has at a part, but for the first. Grants that may not read see none: a part that is uploaded
 * again with fewer segments keeps what it had more, then, as it does with the real uplink.
 */
export async function laterSegments(
  { metainfo }: ProjectContext,
  streamId: Uint8Array,
  partNumber: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const indexes: number[] = [];
  let index = 0;
  try {
    for (;;) {
      const fields = ListSegmentsRequest.fromPartial({ streamId, cursorPosition: { partNumber, index } });
      const reply = await metainfo.call("listSegments", fields, "multipart", { signal });
      for (const { position } of reply.items) {
        if (position?.partNumber !== partNumber) return indexes;
        index = position.index;
        indexes.push(index);
      }
      if (!reply.more || reply.items.length === 0) return indexes;
    }
  } catch (error) {
    if (isPosternError(error, "permission-denied")) return [];
    throw error;
  }
}

/**
 * Replaces the segments of a former upload of the part that lie behind its new end by empty ones: the protocol has no
 * way to remove them. The last carries the ETag, as the last segment of any part does.
 * @param leftovers indexes of those segments
 */
export function emptySegments(
  { partNumber, pathKey, stream }: { partNumber: number; pathKey: Uint8Array; stream: { id: Uint8Array } },
  leftovers: readonly number[],
  etag: Uint8Array = new Uint8Array(0),
): BatchItem[] {
  return leftovers.map((index) => {
    const contentKey = randomBytes(32);
    const encryptedKeyNonce = randomBytes(24);
    const value = MakeInlineSegmentRequest.fromPartial({
      streamId: stream.id,
      position: { partNumber, index },
      encryptedKey: encryptKey(contentKey, contentCipher, pathKey, encryptedKeyNonce),
      encryptedKeyNonce,
      encryptedETag: sealPartEtag(etag, contentCipher, contentKey),
    });
    return { $case: "segmentMakeInline", value };
  });
}
