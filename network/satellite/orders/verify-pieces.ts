import { equalBytes, toHex } from "../../../core/bytes/bytes.js";
import { millisOfTimestamp } from "../../../core/bytes/timestamp.js";
import { nodeIdText } from "../../../core/identity/node-id.js";
import { derivePieceId, pieceIdText } from "../../../core/identity/piece-id.js";
import { verifyNodePieceHash } from "../../../core/identity/signing.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { SegmentPieceUploadResult } from "../../../proto/gen/metainfo.js";
import type { OrderLimit } from "../../../proto/gen/orders.js";
import type { Piece } from "../data/pieces.js";
import { pieceSizeOf, type Redundancy } from "../data/segment-record.js";
import type { NodeDirectory } from "../nodes/directory.js";

/** A node's word about a piece counts for a day. */
const pieceHashMaxAgeMs = 24 * 3_600_000;

/** All pieces have the size that the segment gives them (satellite/metainfo/pointerverification VerifySizes). */
export function checkPieceSizes(
  redundancy: Redundancy,
  encryptedSize: number,
  results: readonly SegmentPieceUploadResult[],
): void {
  let common: number | undefined;
  for (const { hash } of results) {
    if (hash === undefined) continue;
    if (hash.pieceSize <= 0) throw invalidSizes(`size is invalid (${hash.pieceSize})`);
    if (common !== undefined && common !== hash.pieceSize) {
      throw invalidSizes(`sizes do not match (${common} != ${hash.pieceSize})`);
    }
    common = hash.pieceSize;
  }
  if (common === undefined) throw invalidSizes("no remote pieces");
  const expected = pieceSizeOf(redundancy, encryptedSize);
  if (expected !== common) {
    throw invalidSizes(`expected size is different from provided (${expected} != ${common})`);
  }
}

function invalidSizes(detail: string): Error {
  return rpcError(RpcStatus.InvalidArgument, `piece sizes are invalid: pointer verification: ${detail}`);
}

export interface VerifiedPieces {
  readonly valid: readonly SegmentPieceUploadResult[];
  /** Lines that say what is wrong with the others. */
  readonly invalid: readonly string[];
}

/** Sorts out the results that the nodes themselves vouch for (pointerverification SelectValidPieces). */
export async function verifyPieces(
  directory: NodeDirectory,
  results: readonly SegmentPieceUploadResult[],
  limits: readonly OrderLimit[],
  nowMs: number,
): Promise<VerifiedPieces> {
  const valid: SegmentPieceUploadResult[] = [];
  const invalid: string[] = [];
  const used = new Set<number>();
  for (const result of results) {
    const problem = used.has(result.pieceNum)
      ? "duplicate piece number"
      : await pieceProblem(directory, result, limits[result.pieceNum], nowMs);
    if (problem === undefined) {
      used.add(result.pieceNum);
      valid.push(result);
    } else {
      invalid.push(`NodeID: ${idText(result.nodeId)}, PieceNum: ${result.pieceNum}, Reason: ${problem}`);
    }
  }
  return { valid, invalid };
}

async function pieceProblem(
  directory: NodeDirectory,
  result: SegmentPieceUploadResult,
  limit: OrderLimit | undefined,
  nowMs: number,
): Promise<string | undefined> {
  const { hash } = result;
  if (limit === undefined) return "invalid piece number";
  if (hash === undefined) return "no piece hash";
  if ((millisOfTimestamp(hash.timestamp) ?? 0) < nowMs - pieceHashMaxAgeMs) return "piece hash timestamp is too old";
  if (!equalBytes(hash.pieceId, limit.pieceId)) {
    return `piece hash pieceID (${pieceIdText(hash.pieceId)}) doesn't match limit pieceID (${pieceIdText(limit.pieceId)})`;
  }
  if (limit.limit < hash.pieceSize) {
    return `piece hash PieceSize (${hash.pieceSize}) is larger than order limit (${limit.limit})`;
  }
  const leafKey = await directory.leafKey(result.nodeId);
  if (leafKey === undefined) return "node is unknown";
  return verifyNodePieceHash(hash, leafKey) ? undefined : "signature is not valid";
}

/** Ids of the wrong length come from strangers and have no text form. */
function idText(id: Uint8Array): string {
  return id.length === 32 ? nodeIdText(id) : toHex(id);
}

/** The pieces to keep: right ids, and each number and node once (satellite/metainfo validateRemoteSegment). */
export function piecesOf(
  valid: readonly SegmentPieceUploadResult[],
  limits: readonly OrderLimit[],
  rootPieceId: Uint8Array,
): Piece[] {
  const nodes = new Set<string>();
  return valid.map(({ pieceNum, nodeId }) => {
    const limit = limits[pieceNum]!;
    if (!equalBytes(limit.pieceId, derivePieceId(rootPieceId, nodeId, pieceNum))) {
      throw rpcError(RpcStatus.InvalidArgument, "metainfo: invalid order limit piece id");
    }
    if (!equalBytes(nodeId, limit.storageNodeId)) {
      throw rpcError(RpcStatus.InvalidArgument, "metainfo: piece NodeID != order limit NodeID");
    }
    if (nodes.has(toHex(nodeId))) {
      throw rpcError(
        RpcStatus.InvalidArgument,
        `metainfo: node id ${idText(nodeId)} for piece num ${pieceNum} is duplicated`,
      );
    }
    nodes.add(toHex(nodeId));
    return { number: pieceNum, nodeId };
  });
}
