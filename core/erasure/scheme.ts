import { PosternError } from "../errors.js";
import { checkShareCounts } from "./share.js";

/** Padding to whole stripes ends with its own length, so there are always at least these bytes of it. */
const paddingTrailer = 4;

/** How segments are spread; the parts of pointerdb.RedundancyScheme that matter. */
export interface RedundancyScheme {
  /** k: pieces that are needed to read. */
  readonly required: number;
  /** Satellites repair a segment that has no more pieces left. */
  readonly repair: number;
  /** Pieces after which an upload stops waiting for the slower nodes. */
  readonly optimal: number;
  /** n: pieces that are made. */
  readonly total: number;
  /** Bytes of an erasure share. */
  readonly shareSize: number;
}

/**
 * Stripes of a stored segment, padding included.
 * @param encryptedSize bytes before padding to stripes
 */
export function stripeCount(encryptedSize: number, required: number, shareSize: number): number {
  return Math.ceil((encryptedSize + paddingTrailer) / (required * shareSize));
}

/** Bytes of each piece of a segment (storj/uplink private/eestream/encode.go CalcPieceSize). */
export function pieceSize(encryptedSize: number, required: number, shareSize: number): number {
  return stripeCount(encryptedSize, required, shareSize) * shareSize;
}

/**
 * Checks a scheme as it came from a satellite. A repair or success threshold of 0 means `total`
 * (storj/uplink private/eestream/encode.go NewRedundancyStrategyFromStorj).
 */
export function redundancyScheme(message: {
  minReq: number;
  repairThreshold: number;
  successThreshold: number;
  total: number;
  erasureShareSize: number;
}): RedundancyScheme {
  const { minReq: required, total, erasureShareSize: shareSize } = message;
  checkShareCounts(required, total);
  if (!Number.isInteger(shareSize) || shareSize < 1) throw invalid(`share size ${shareSize}`);
  const repair = message.repairThreshold === 0 ? total : message.repairThreshold;
  const optimal = message.successThreshold === 0 ? total : message.successThreshold;
  if (repair < required || repair > total) throw invalid(`repair threshold ${repair}`);
  if (optimal < required || optimal > total) throw invalid(`success threshold ${optimal}`);
  if (repair > optimal) throw invalid(`repair threshold ${repair} above success threshold ${optimal}`);
  return { required, repair, optimal, total, shareSize };
}

function invalid(what: string): PosternError {
  return new PosternError("invalid-argument", `invalid redundancy scheme: ${what}`);
}
