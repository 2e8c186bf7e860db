import { randomInt } from "node:crypto";
import { toHex } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { derivePieceId } from "../../../core/identity/piece-id.js";
import { type BloomFilter, createBloomFilter, optimalParameters } from "../../../core/piece/bloom-filter.js";
import { createPieceHasher } from "../../../core/segment/piece-hash.js";
import { PieceHashAlgorithm } from "../../../proto/gen/orders.js";
import { PiecestoreDefinition, RetainRequest } from "../../../proto/gen/piecestore.js";
import type { NodeRecord } from "../data/nodes.js";
import { decodePieces } from "../data/pieces.js";
import { microsOfMillis } from "../data/times.js";
import { remoteSegments, type ScannedSegment } from "./segment-scan.js";
import type { UpkeepParts } from "./upkeep-parts.js";

/** Of the pieces that no segment refers to, so many stay until the next filter, which errs elsewhere. */
const falsePositiveRate = 0.1;
/** Bytes of a filter, or of a part of one, in one message (storj/storj satellite/gc/sender). */
const maxMessageFilter = 4_100_050;
const sendTimeoutMs = 60_000;

export interface GarbageRound {
  /** Nodes that took their filter. */
  readonly sent: number;
  /** Nodes that did not; they get the next one. */
  readonly failed: number;
}

/**
 * Tells each node which pieces to keep, by a Bloom filter of all that segments refer to. Pieces younger than
 * `gcMarginMs` before the filter are kept whatever it says: they may belong to segments that are committed later.
 */
export async function collectGarbage(parts: UpkeepParts, signal: AbortSignal): Promise<GarbageRound> {
  const { db, directory, config } = parts;
  const startedAt = parts.now();
  const counts = new Map<string, number>();
  for await (const segment of remoteSegments(db.read)) {
    signal.throwIfAborted();
    for (const { nodeId } of decodePieces(segment.pieces))
      counts.set(toHex(nodeId), (counts.get(toHex(nodeId)) ?? 0) + 1);
  }
  const filters = new Map<string, BloomFilter>();
  const seed = randomInt(255);
  for (const node of directory.all()) {
    const parameters = optimalParameters(counts.get(toHex(node.id)) ?? 0, falsePositiveRate);
    filters.set(toHex(node.id), createBloomFilter({ seed, ...parameters }));
  }
  const add = (segment: ScannedSegment) => {
    for (const { number, nodeId } of decodePieces(segment.pieces)) {
      filters.get(toHex(nodeId))?.add(derivePieceId(segment.rootPieceId, nodeId, number));
    }
  };
  for await (const segment of remoteSegments(db.read)) {
    signal.throwIfAborted();
    add(segment);
  }
  // A copy that was made meanwhile may lie before the place that was being read, and its source be gone behind it.
  for await (const segment of remoteSegments(db.read, microsOfMillis(startedAt) - 1_000_000)) add(segment);

  const creationDate = timestampOfMillis(startedAt - config.times.gcMarginMs);
  let [sent, failed] = [0, 0];
  for (const node of directory.all()) {
    signal.throwIfAborted();
    const filter = filters.get(toHex(node.id));
    if (filter === undefined || !directory.isOnline(node)) continue;
    try {
      await send(parts, node, filter.bytes(), creationDate, signal);
      sent++;
    } catch (error) {
      signal.throwIfAborted();
      failed++;
      parts.onProblem("a storage node did not take what it is to keep", error);
    }
  }
  return { sent, failed };
}

async function send(
  { connections }: UpkeepParts,
  node: NodeRecord,
  filter: Uint8Array,
  creationDate: RetainRequest["creationDate"],
  outer: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(sendTimeoutMs)]);
  const { retain, retainBig } = PiecestoreDefinition.methods;
  const hasher = createPieceHasher(1);
  hasher.update(filter);
  const proof = { hash: hasher.digest(), hashAlgorithm: PieceHashAlgorithm.BLAKE3 };
  const { connection, release } = await connections.acquire({ nodeId: node.id, address: node.address }, { signal });
  try {
    if (filter.length <= maxMessageFilter) {
      const request = RetainRequest.create({ creationDate, filter, ...proof });
      await connection.unary(PiecestoreDefinition, retain, request, { signal });
      return;
    }
    const stream = connection.stream(PiecestoreDefinition, retainBig, { signal });
    for (let at = 0; at < filter.length; at += maxMessageFilter) {
      const last = at + maxMessageFilter >= filter.length;
      const part = filter.subarray(at, at + maxMessageFilter);
      await stream.send(RetainRequest.create({ creationDate, filter: part, ...(last ? proof : {}) }));
    }
    await stream.closeSend();
    await stream.receive();
    // Read to its end: that gives the connection back.
    await stream.receive();
  } finally {
    release();
  }
}
