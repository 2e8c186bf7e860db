import { overheadOf } from "../../../core/crypto/cipher.js";
import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { Range } from "../../../proto/gen/metainfo.js";
import type { PlainRange } from "../data/list-segments.js";
import type { Encryption, ObjectRecord } from "../data/object-record.js";
import type { SegmentRecord } from "../data/segment-record.js";

/** The plain bytes that a request asks for; undefined for all. Limits are not cut to the object's size. */
export function plainRange(object: ObjectRecord, range: Range | undefined): PlainRange | undefined {
  const asked = range?.range;
  // Objects without plain sizes (empty, or from before they were kept) have no ranges.
  if (asked === undefined || object.plainSize <= 0) return undefined;
  switch (asked.$case) {
    case "start":
      return checked({ start: asked.value.plainStart, limit: object.plainSize });
    case "startLimit":
      return checked({ start: asked.value.plainStart, limit: asked.value.plainLimit });
    case "suffix":
      return checked({ start: object.plainSize - asked.value.plainSuffix, limit: object.plainSize });
  }
}

function checked(range: PlainRange): PlainRange {
  if (range.start > range.limit) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `metabase: invalid request: invalid range: ${range.start}:${range.limit}`,
    );
  }
  return range;
}

/**
 * Bytes of each piece that hold the range's part of a segment: plain bytes to cipher blocks to stripes, each rounded
 * outwards (storj/storj satellite/metainfo/endpoint_object.go calculateDownloadSizes).
 */
export function pieceBytesOfRange(
  segment: SegmentRecord,
  encryption: Encryption,
  range: PlainRange | undefined,
): number | undefined {
  const blocks = encryptedRange(segment, encryption, range);
  if (blocks === undefined) return undefined;
  const stripeSize = segment.required * segment.shareSize;
  const stripes = Math.ceil(blocks.limit / stripeSize) - Math.floor(blocks.start / stripeSize);
  return stripes * segment.shareSize;
}

/** Bytes of a segment that a range needs: what counts as downloaded. */
export function encryptedBytesOfRange(
  segment: SegmentRecord,
  encryption: Encryption,
  range: PlainRange | undefined,
): number {
  const blocks = range && encryptedRange(segment, encryption, range);
  return blocks === undefined ? segment.encryptedSize : blocks.limit - blocks.start;
}

/** Whole cipher blocks of a segment; undefined for ciphers without. */
function encryptedRange(segment: SegmentRecord, encryption: Encryption, range: PlainRange | undefined) {
  if (encryption.cipher < CipherSuite.Null || encryption.cipher > CipherSuite.NullBase64Url) return undefined;
  const plainBlock = encryption.blockSize - overheadOf(encryption.cipher);
  if (plainBlock <= 0) return undefined;
  const start = Math.max(0, (range?.start ?? 0) - segment.plainOffset);
  const limit = Math.min(segment.plainSize, (range?.limit ?? Number.MAX_SAFE_INTEGER) - segment.plainOffset);

  return {
    start: Math.floor(start / plainBlock) * encryption.blockSize,
    limit: Math.ceil(limit / plainBlock) * encryption.blockSize,
  };
}
