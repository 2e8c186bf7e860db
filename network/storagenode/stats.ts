import { isPosternError } from "../../core/errors.js";
import type { Settled } from "./settlement.js";

export interface TransferStats {
  /** Calls that are being served. */
  active: number;
  succeeded: number;
  /** Called off by the peer. */
  canceled: number;
  failed: number;
  /** Bytes of pieces received or sent, whatever became of the call. */
  bytes: number;
}

/** What a node did since its start. */
export interface NodeStats {
  readonly uploads: Readonly<TransferStats>;
  readonly downloads: Readonly<TransferStats>;
  /** Bytes of piece files, in the trash too; undefined as long as they are being counted after the start. */
  readonly usedBytes: number | undefined;
  /** Bytes of those in the trash. */
  readonly trashBytes: number | undefined;
  /** Bytes that more pieces may take, as satellites were last told or an upload last found. */
  readonly availableBytes: number | undefined;
  /** Pieces whose time was over and that were deleted. */
  readonly expired: number;
  /** Pieces that garbage collection moved to the trash, and that were taken out of it again. */
  readonly trashed: number;
  readonly restored: number;
  /** Damaged pieces that were found. */
  readonly lost: number;
  /** Windows of orders that satellites accepted and rejected. */
  readonly settled: Readonly<Settled>;
  readonly usedSerials: number;
  /** When a trusted satellite last pinged (ms since 1970). */
  readonly lastPingAt: number | undefined;
  /** When all satellites last answered a check-in well (ms since 1970). */
  readonly lastCheckInAt: number | undefined;
  /** Why the last check-in failed, if it did. */
  readonly checkInProblem: string | undefined;
}

export function createTransferStats(): TransferStats {
  return { active: 0, succeeded: 0, canceled: 0, failed: 0, bytes: 0 };
}

export function countFailure(stats: TransferStats, error: unknown): void {
  if (isPosternError(error, "canceled")) stats.canceled++;
  else stats.failed++;
}
