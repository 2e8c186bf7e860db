import { createPublicKey } from "node:crypto";
import { createErasureCode } from "../../../core/erasure/code.js";
import { isPosternError, PosternError, toPosternError } from "../../../core/errors.js";
import { uploadPiece } from "../../../core/piece/upload.js";
import { createPieceHasher } from "../../../core/segment/piece-hash.js";
import type { AddressedOrderLimit } from "../../../proto/gen/metainfo.js";
import { PieceAction, PieceHashAlgorithm } from "../../../proto/gen/orders.js";
import { forgetLostPieces } from "../data/lost-pieces.js";
import type { NodeRecord } from "../data/nodes.js";
import { encodePieces, type Piece } from "../data/pieces.js";
import { pieceSizeOf } from "../data/segment-record.js";
import { microsOfMillis, optionalTimestamp } from "../data/times.js";
import { selectNodes, shuffle } from "../nodes/select.js";
import { createOrderSigner, type OrderSigner } from "../orders/order-limits.js";
import { PieceChannel } from "./piece-channel.js";
import { openRepairSource, type RepairSource } from "./repair-source.js";
import { type HeldPiece, isLost, type SegmentHealth } from "./segment-health.js";
import type { ScannedSegment } from "./segment-scan.js";
import type { UpkeepParts } from "./upkeep-parts.js";

/** "changed": deleted or replaced meanwhile. "failed": it stays as it is, for the next round. */
export type RepairResult = "repaired" | "lost" | "changed" | "failed";

/** Bytes of each piece that are in memory at a time. */
const runSize = 256 * 1024;

/**
 * Reads as many pieces as it takes, computes those that are missing, and stores them on other nodes, up to the optimal
 * count. Nothing but a few runs is in memory. Source: storj/storj satellite/repair/repairer/segments.go.
 */
export async function repairSegment(
  parts: UpkeepParts,
  segment: ScannedSegment,
  health: SegmentHealth,
  signal: AbortSignal,
): Promise<RepairResult> {
  if (isLost(segment, health)) return "lost";
  const targets = chooseTargets(parts, segment, health);
  if (targets.length === 0) return "failed";
  // A node that fails, or holds something else, is done without in the next attempt.
  const bad = new Set<number>();
  for (;;) {
    const usable = shuffle(health.healthy.filter(({ number }) => !bad.has(number)));
    if (usable.length < segment.required) return "failed";
    try {
      const stored = await rebuild(parts, segment, usable.slice(0, segment.required), targets, signal);
      if (stored.length === 0) return "failed";
      return await replacePieces(parts, segment, health, bad, stored);
    } catch (error) {
      if (signal.aborted || !(error instanceof SourceFailed)) throw error;
      bad.add(error.pieceNumber);
      if (isPosternError(error.cause, "corrupt-data")) {
        parts.onProblem("a piece read for repair is not what was stored", error.cause);
      }
    }
  }
}

class SourceFailed extends Error {
  constructor(
    readonly pieceNumber: number,
    cause: unknown,
  ) {
    super("piece can not be read", { cause });
  }
}

interface Target {
  readonly node: NodeRecord;
  readonly number: number;
}

/** Numbers that no node holds come before those of nodes that may come back. */
function chooseTargets(
  { directory, config }: UpkeepParts,
  segment: ScannedSegment,
  { healthy, offline, gone }: SegmentHealth,
): Target[] {
  const held = new Set(healthy.map(({ number }) => number));
  const away = new Set(offline.map(({ number }) => number));
  const missing = Array.from({ length: segment.total }, (_, number) => number).filter((number) => !held.has(number));
  missing.sort((a, b) => Number(away.has(a)) - Number(away.has(b)) || a - b);
  const nodes = selectNodes(directory, {
    count: Math.max(segment.optimal - healthy.length, 0),
    least: 0,
    exclude: [...healthy, ...offline, ...gone].map(({ nodeId }) => nodeId),
    minFreeDisk: Math.max(config.minFreeDisk, pieceSizeOf(segment, segment.encryptedSize)),
  });
  return nodes.slice(0, missing.length).map((node, i) => ({ node, number: missing[i]! }));
}

/** Returns what was stored; targets that fail are left out. */
async function rebuild(
  parts: UpkeepParts,
  segment: ScannedSegment,
  from: readonly HeldPiece[],
  targets: readonly Target[],
  outer: AbortSignal,
): Promise<Piece[]> {
  const pieceSize = pieceSizeOf(segment, segment.encryptedSize);
  const abort = new AbortController();
  const signal = AbortSignal.any([outer, abort.signal]);
  const reading = signerFor(parts, segment, PieceAction.GET_REPAIR, pieceSize);
  const writing = signerFor(parts, segment, PieceAction.PUT_REPAIR, pieceSize);
  const satelliteKey = createPublicKey(parts.identity.privateKey);
  const sources = from.map((piece) =>
    openRepairSource({
      connections: parts.connections,
      piece,
      rootPieceId: segment.rootPieceId,
      pieceSize,
      addressedLimit: reading.limitFor(piece.node, piece.number),
      privateKey: reading.privateKey,
      satelliteKey,
      stallTimeoutMs: parts.stallTimeoutMs,
      signal,
    }),
  );
  const uploads = targets.map((target) =>
    startUpload(parts, target, writing.limitFor(target.node, target.number), writing.privateKey, signal),
  );
  try {
    await pump(segment, pieceSize, sources, uploads);
    await Promise.all(sources.map((source) => source.close()));
    const stored = await Promise.all(uploads.map(({ done }) => done));
    outer.throwIfAborted();
    return stored.filter((piece) => piece !== undefined);
  } catch (error) {
    abort.abort(toPosternError(error));
    await Promise.allSettled([...sources.map((source) => source.close()), ...uploads.map(({ done }) => done)]);
    throw error;
  }
}

function signerFor(parts: UpkeepParts, segment: ScannedSegment, action: PieceAction, limit: number): OrderSigner {
  return createOrderSigner(parts.identity, {
    action,
    limit,
    nowMs: parts.now(),
    expirationMs: parts.config.times.orderExpirationMs,
    rootPieceId: segment.rootPieceId,
    pieceExpiration: action === PieceAction.PUT_REPAIR ? optionalTimestamp(segment.expiresAt) : undefined,
  });
}

interface Upload {
  readonly number: number;
  readonly channel: PieceChannel;
  /** Undefined when it failed. */
  readonly done: Promise<Piece | undefined>;
}

function startUpload(
  parts: UpkeepParts,
  { node, number }: Target,
  addressedLimit: AddressedOrderLimit,
  privateKey: Uint8Array,
  signal: AbortSignal,
): Upload {
  const channel = new PieceChannel();
  const { connections, stallTimeoutMs } = parts;
  const hashAlgorithm = PieceHashAlgorithm.SHA256;
  const done = uploadPiece(connections, {
    addressedLimit,
    privateKey,
    hashAlgorithm,
    source: channel,
    stallTimeoutMs,
    signal,
  })
    .then(
      () => ({ number, nodeId: node.id }),
      (error: unknown) => {
        if (!signal.aborted) parts.onProblem("a repaired piece could not be stored", error);
        return undefined;
      },
    )
    .finally(() => channel.end());
  return { number, channel, done };
}

/** The last run is given on only when all that was read is known to be what was once stored. */
async function pump(
  segment: ScannedSegment,
  pieceSize: number,
  sources: readonly RepairSource[],
  uploads: readonly Upload[],
): Promise<void> {
  const code = createErasureCode(segment.required, segment.total);
  const hashers = uploads.map(() => createPieceHasher(0));
  for (let at = 0; at < pieceSize; at += runSize) {
    const size = Math.min(runSize, pieceSize - at);
    const last = at + size === pieceSize;
    const shares = await Promise.all(
      sources.map(async (source) => {
        try {
          const data = await source.read(size);
          if (last) source.verify();
          return { number: source.piece.number, data };
        } catch (error) {
          throw new SourceFailed(source.piece.number, error);
        }
      }),
    );
    const runs = code.encode(code.rebuild(shares));
    await Promise.all(
      uploads.map(async ({ number, channel }, i) => {
        const data = runs[number];
        if (data === undefined) throw new PosternError("internal", "piece number is out of range");
        hashers[i]!.update(data);
        await channel.give(last ? { data, digest: hashers[i]!.digest() } : { data });
      }),
    );
  }
}

/** Notes the new pieces, unless somebody was faster. What was stored in vain is left to garbage collection. */
async function replacePieces(
  parts: UpkeepParts,
  segment: ScannedSegment,
  { healthy, offline, gone }: SegmentHealth,
  bad: ReadonlySet<number>,
  stored: readonly Piece[],
): Promise<RepairResult> {
  const replaced = new Set(stored.map(({ number }) => number));
  const kept = [...healthy, ...offline].filter(({ number }) => !replaced.has(number) && !bad.has(number));
  const pieces = [...kept, ...stored].sort((a, b) => a.number - b.number);
  const sql = `UPDATE segments SET pieces = ?, repaired_at = ?
    WHERE stream_id = ? AND part_number = ? AND segment_index = ? AND root_piece_id = ? AND pieces = ?`;
  const { streamId, part, index, rootPieceId } = segment;
  const now = microsOfMillis(parts.now());
  const params = [encodePieces(pieces), now, streamId, part, index, rootPieceId, segment.pieces];
  const changed = await parts.db.write(async (tx) => {
    await forgetLostPieces(tx, rootPieceId, gone);
    return await tx.run(sql, params);
  });
  return changed === 0 ? "changed" : "repaired";
}
