import { randomBytes, randomInt } from "node:crypto";
import { createErasureCode } from "../../../core/erasure/code.js";
import { isPosternError, PosternError } from "../../../core/errors.js";
import { downloadPiece } from "../../../core/piece/download.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import { PieceAction } from "../../../proto/gen/orders.js";
import { pieceSizeOf } from "../data/segment-record.js";
import { createOrderSigner } from "../orders/order-limits.js";
import type { Reputations } from "./reputations.js";
import { RunReader } from "./run-reader.js";
import { type HeldPiece, segmentHealth } from "./segment-health.js";
import { type ScannedSegment, segmentFrom, unchangedSegment } from "./segment-scan.js";
import type { UpkeepParts } from "./upkeep-parts.js";

/** How a node did in an audit. "unknown": it answered, but neither with data nor that it has none. */
export type AuditOutcome = "success" | "failure" | "offline" | "unknown";

export interface AuditRound {
  readonly segments: number;
  readonly success: number;
  readonly failure: number;
  readonly offline: number;
  readonly unknown: number;
}

/**
 * Asks the nodes of random segments for one random stripe each, finds by error correction who holds something else, and
 * notes how each did. Source: storj/storj satellite/audit/verifier.go.
 */
export async function auditRound(
  parts: UpkeepParts,
  reputations: Reputations,
  segments: number,
  signal: AbortSignal,
): Promise<AuditRound> {
  const round = { segments: 0, success: 0, failure: 0, offline: 0, unknown: 0 };
  for (let i = 0; i < segments; i++) {
    signal.throwIfAborted();
    const { read } = parts.db;
    const segment = (await segmentFrom(read, randomBytes(16))) ?? (await segmentFrom(read, new Uint8Array(16)));
    if (segment === undefined) break;
    const outcomes = await auditSegment(parts, segment, signal);
    // Nobody is to blame for pieces of a segment that was deleted, or repaired, meanwhile.
    if (outcomes === undefined || (await unchangedSegment(read, segment)) === undefined) continue;
    round.segments++;
    for (const [piece, outcome] of outcomes) {
      round[outcome]++;
      await reputations.note(piece.nodeId, outcome);
    }
  }
  return round;
}

async function auditSegment(
  parts: UpkeepParts,
  segment: ScannedSegment,
  signal: AbortSignal,
): Promise<Map<HeldPiece, AuditOutcome> | undefined> {
  const { healthy, offline } = segmentHealth(segment, parts.directory, undefined);
  const stripe = randomInt(pieceSizeOf(segment, segment.encryptedSize) / segment.shareSize);
  const signer = createOrderSigner(parts.identity, {
    action: PieceAction.GET_AUDIT,
    limit: segment.shareSize,
    nowMs: parts.now(),
    expirationMs: parts.config.times.orderExpirationMs,
    rootPieceId: segment.rootPieceId,
  });
  const outcomes = new Map<HeldPiece, AuditOutcome>(offline.map((piece) => [piece, "offline"]));
  const shares: { readonly piece: HeldPiece; readonly number: number; readonly data: Uint8Array }[] = [];
  await Promise.all(
    healthy.map(async (piece) => {
      const reader = new RunReader(
        downloadPiece(parts.connections, {
          addressedLimit: signer.limitFor(piece.node, piece.number),
          privateKey: signer.privateKey,
          offset: stripe * segment.shareSize,
          size: segment.shareSize,
          windowBytes: segment.shareSize,
          stallTimeoutMs: parts.stallTimeoutMs,
          signal,
        }),
      );
      try {
        shares.push({ piece, number: piece.number, data: await reader.read(segment.shareSize) });
        await reader.close();
      } catch (error) {
        outcomes.set(piece, outcomeOf(error));
      }
    }),
  );
  signal.throwIfAborted();
  if (shares.length < segment.required) return outcomes;
  const corrupt = corruptShares(segment, shares);
  // More are wrong than can be told apart: that somebody lies is known, not who.
  if (corrupt === undefined) return undefined;
  for (const { piece } of shares) outcomes.set(piece, corrupt.includes(piece.number) ? "failure" : "success");
  return outcomes;
}

/** Nothing can be held against as many shares as it takes to decode: then all pass. */
function corruptShares(
  { required, total }: ScannedSegment,
  shares: readonly { readonly number: number; readonly data: Uint8Array }[],
): readonly number[] | undefined {
  if (shares.length === required) return [];
  try {
    return createErasureCode(required, total).decode(shares).corrupt;
  } catch (error) {
    if (isPosternError(error, "corrupt-data", "not-enough-shares")) return undefined;
    throw error;
  }
}

function outcomeOf(error: unknown): AuditOutcome {
  if (!(error instanceof PosternError)) return "unknown";
  if (error.status === RpcStatus.NotFound) return "failure";
  return error.status === undefined && error.code === "unavailable" ? "offline" : "unknown";
}
