import { isPosternError } from "../../core/errors.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { CallContext } from "../../core/rpc/transport.js";
import { LostPieceReason } from "../../proto/gen/contact.js";
import { Order, type OrderLimit, PieceAction } from "../../proto/gen/orders.js";
import { type PieceDownloadRequest, PieceDownloadResponse } from "../../proto/gen/piecestore.js";
import { type OrderFlow, startOrderFlow } from "./order-flow.js";
import { checkedBlockSize } from "./piece-file.js";
import type { PieceReader } from "./piece-reader.js";
import type { OpenPiece } from "./piece-store.js";
import { createReceiver, type Receiver } from "./receiver.js";
import { countFailure } from "./stats.js";
import { refuseWhenBusy, type TransferParts } from "./transfer.js";

export type DownloadHandler = (
  requests: AsyncIterable<PieceDownloadRequest>,
  context: CallContext,
) => AsyncIterable<PieceDownloadResponse>;

const kib = 1024;
const mib = 1024 * 1024;
/** Read from the disk at a time; callers may ask for much smaller messages. */
const readAheadBytes = 256 * kib;

const actions: readonly PieceAction[] = [PieceAction.GET, PieceAction.GET_REPAIR, PieceAction.GET_AUDIT];

interface Range {
  readonly offset: number;
  readonly size: number;
  /** Bytes of one message. */
  readonly maxChunk: number;
}

/**
 * piecestore.Piecestore/Download: sends a range of a piece as far as the caller's orders go, and ends when the caller
 * closes. Statuses and texts as in storj/storj storagenode/piecestore/endpoint.go.
 */
export function createDownloadHandler(parts: TransferParts): DownloadHandler {
  return async function* download(requests, context) {
    const { downloads } = parts;
    refuseWhenBusy(parts);
    downloads.active++;
    const receiver = createReceiver(requests, parts.messageTimeoutMs);
    let failed = false;
    let whole = false;
    try {
      await parts.faults.onCall?.("download", context.signal);
      whole = yield* sendPiece(parts, receiver, context);
    } catch (error) {
      failed = true;
      countFailure(downloads, error);
      throw error;
    } finally {
      downloads.active--;
      if (whole) downloads.succeeded++;
      else if (!failed) downloads.canceled++;
      receiver.close();
    }
  };
}

/** Returns whether all of the range was sent. */
async function* sendPiece(
  parts: TransferParts,
  receiver: Receiver<PieceDownloadRequest>,
  context: CallContext,
): AsyncGenerator<PieceDownloadResponse, boolean, undefined> {
  const first = await receiver.next();
  if (first === undefined) throw rpcError(RpcStatus.Canceled, "EOF");
  if (first.limit === undefined || first.chunk === undefined) {
    throw invalid("expected order limit and chunk as the first message");
  }
  const { limit } = first;
  const range = rangeOf(first, limit);
  await parts.checkLimit(limit);

  const piece = await openForSending(parts, limit);
  const keepOrder = parts.orders.begin(limit);
  let flow: OrderFlow | undefined;
  try {
    if (limit.action === PieceAction.GET_REPAIR) yield originOf(piece);
    else if (piece.restored) yield PieceDownloadResponse.create({ restoredFromTrash: true });
    const end = range.offset + range.size;
    if (end > piece.size) {
      throw invalid(`requested more data than available, requesting=${end} available=${piece.size}`);
    }
    flow = startOrderFlow(limit, receiver, first.order);
    return yield* sendRange(parts, piece, range, flow, context);
  } catch (error) {
    throw lossOf(parts, limit, error);
  } finally {
    await piece.close();
    keepOrder(flow?.largest ?? Order.create());
  }
}

/** Audits and repairs are about the piece as a whole, so that all of it is looked at before a byte of it is sent. */
async function openForSending(parts: TransferParts, limit: OrderLimit): Promise<OpenPiece> {
  let piece: OpenPiece | undefined;
  try {
    piece = await parts.store.reader(limit.satelliteId, limit.pieceId);
    if (limit.action !== PieceAction.GET) await piece.verify();
    return piece;
  } catch (error) {
    await piece?.close();
    throw lossOf(parts, limit, error);
  }
}

/** A damaged piece is told to its satellite, and is an internal failure to the caller. */
function lossOf(parts: TransferParts, limit: OrderLimit, error: unknown): unknown {
  if (!isPosternError(error, "corrupt-data")) return error;
  parts.onLostPiece(limit, LostPieceReason.HASH_MISMATCH);
  return rpcError(RpcStatus.Internal, error.message, error);
}

function rangeOf({ chunk, maximumChunkSize }: PieceDownloadRequest, limit: OrderLimit): Range {
  if (!actions.includes(limit.action)) {
    throw invalid(`expected get or get repair or audit action got ${PieceAction[limit.action] ?? limit.action}`);
  }
  const { offset, chunkSize: size } = chunk!;
  if (size > limit.limit) {
    throw invalid(`requested more that order limit allows, limit=${limit.limit} requested=${size}`);
  }
  if (offset < 0 || size < 0) throw invalid("requested a negative range");
  return { offset, size, maxChunk: kib < maximumChunkSize && maximumChunkSize < mib ? maximumChunkSize : mib };
}

/** What a repair worker checks the piece against: the uplink's hash and the order limit it was uploaded with. */
function originOf({ header, size, restored }: OpenPiece): PieceDownloadResponse {
  return PieceDownloadResponse.create({
    hash: {
      pieceId: header.orderLimit?.pieceId,
      hash: header.hash,
      hashAlgorithm: header.hashAlgorithm,
      pieceSize: size,
      timestamp: header.creationTime,
      signature: header.signature,
    },
    limit: header.orderLimit,
    restoredFromTrash: restored,
  });
}

async function* sendRange(
  parts: TransferParts,
  piece: PieceReader,
  { offset, size, maxChunk }: Range,
  flow: OrderFlow,
  context: CallContext,
): AsyncGenerator<PieceDownloadResponse, boolean, undefined> {
  let sent = 0;
  let block: Uint8Array = new Uint8Array(0);
  while (sent < size && !flow.ended) {
    const allowed = Math.min(flow.largest.amount - sent, size - sent, maxChunk);
    if (allowed <= 0) {
      await flow.changed();
      continue;
    }
    if (block.length === 0) {
      const at = offset + sent;
      // To the end of a block of the file: the next read begins with a whole one.
      block = await piece.read(at, Math.min(readAheadBytes - (at % checkedBlockSize), size - sent));
    }
    let data = block.subarray(0, allowed);
    block = block.subarray(data.length);
    if (parts.faults.onSend) data = await parts.faults.onSend(data, offset + sent, context.signal);
    parts.downloads.bytes += data.length;
    yield { chunk: { offset: offset + sent, data }, hash: undefined, limit: undefined, restoredFromTrash: false };
    sent += data.length;
  }
  // The caller closes when it has all bytes; orders that are no good fail the call even then.
  while (!flow.ended) await flow.changed();
  await flow.changed();
  return sent === size;
}

function invalid(text: string): Error {
  return rpcError(RpcStatus.InvalidArgument, text);
}
