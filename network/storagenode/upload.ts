import { concatBytes, equalBytes } from "../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../core/bytes/timestamp.js";
import { PosternError } from "../../core/errors.js";
import { signPieceHashAsNode, verifyUplinkPieceHash } from "../../core/identity/signing.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { CallContext } from "../../core/rpc/transport.js";
import { createPieceHasher } from "../../core/segment/piece-hash.js";
import { Order, type OrderLimit, PieceAction, type PieceHash, PieceHashAlgorithm } from "../../proto/gen/orders.js";
import {
  PieceHeader_FormatVersion,
  type PieceUploadRequest,
  type PieceUploadResponse,
} from "../../proto/gen/piecestore.js";
import { checkOrder } from "./order-limits.js";
import { createReceiver, type Receiver } from "./receiver.js";
import { countFailure } from "./stats.js";
import { refuseWhenBusy, type TransferParts } from "./transfer.js";

export type UploadHandler = (
  requests: AsyncIterable<PieceUploadRequest>,
  context: CallContext,
) => Promise<PieceUploadResponse>;

/**
 * piecestore.Piecestore/Upload: limit, then orders and chunks, then the uplink's hash; the answer is the node's hash
 * of what is on disk by then. Statuses and texts as in storj/storj storagenode/piecestore/endpoint.go.
 */
export function createUploadHandler(parts: TransferParts): UploadHandler {
  const nodeCertchain = concatBytes(...parts.identity.chain);

  return async (requests, context) => {
    const { uploads } = parts;
    refuseWhenBusy(parts);
    uploads.active++;
    const receiver = createReceiver(requests, parts.messageTimeoutMs);
    try {
      await parts.faults.onCall?.("upload", context.signal);
      const done = await receivePiece(parts, receiver, context);
      uploads.succeeded++;
      return { done, nodeCertchain };
    } catch (error) {
      countFailure(uploads, error);
      throw error;
    } finally {
      uploads.active--;
      receiver.close();
    }
  };
}

async function receivePiece(
  parts: TransferParts,
  receiver: Receiver<PieceUploadRequest>,
  context: CallContext,
): Promise<PieceHash> {
  const first = await receiver.next();
  if (first === undefined) throw givenUp("EOF", RpcStatus.Canceled);
  const { limit, hashAlgorithm } = first;
  if (limit === undefined) throw invalid("expected order limit as the first message");
  if (limit.action !== PieceAction.PUT && limit.action !== PieceAction.PUT_REPAIR) {
    throw invalid(`expected put or put repair action got ${PieceAction[limit.action] ?? limit.action}`);
  }
  if (hashAlgorithm !== PieceHashAlgorithm.SHA256 && hashAlgorithm !== PieceHashAlgorithm.BLAKE3)
    throw invalid("unknown hash algorithm");
  await parts.checkLimit(limit);
  const reservation = await parts.reserveSpace(limit.limit);
  const keepOrder = parts.orders.begin(limit);
  const hasher = createPieceHasher(hashAlgorithm === PieceHashAlgorithm.BLAKE3 ? 1 : 0);
  const writer = parts.store.writer(limit.satelliteId, limit.pieceId);
  let largestOrder = Order.create();
  let written = 0;
  try {
    for (let message: PieceUploadRequest | undefined = first; ; message = await receiver.next()) {
      if (message === undefined) throw givenUp("unexpected EOF", RpcStatus.Aborted);
      if (message.order !== undefined) {
        checkOrder(limit, message.order, largestOrder.amount);
        largestOrder = message.order;
      }
      if (message.chunk !== undefined) {
        const { offset, data } = message.chunk;
        if (offset !== writer.size) throw invalid("chunk out of order");
        const size = writer.size + data.length;
        if (size > largestOrder.amount) {
          throw invalid(`not enough allocated, allocated=${largestOrder.amount} writing=${size}`);
        }
        await parts.faults.onReceived?.(data, offset, context.signal);
        hasher.update(data);
        parts.uploads.bytes += data.length;
        await writer.write(data);
      }
      const { done } = message;
      if (done === undefined) continue;
      if (done.hashAlgorithm !== hashAlgorithm) {
        throw internal(
          `Hash algorithm in the first and last upload message are different ${hashAlgorithm} ${done.hashAlgorithm}`,
        );
      }
      const hash = hasher.digest();
      checkPieceHash(limit, done, hash);
      if (done.pieceSize !== writer.size) {
        throw invalid(
          `Size of finished piece does not match size declared by uplink! ${done.pieceSize} != ${writer.size}`,
        );
      }
      await parts.noteExpiration(limit);
      await writer.commit({
        formatVersion: PieceHeader_FormatVersion.FORMAT_V1,
        hash,
        hashAlgorithm,
        creationTime: done.timestamp,
        signature: done.signature,
        orderLimit: limit,
      });
      written = writer.size;
      return signReceipt(parts, limit, { hash, hashAlgorithm, pieceSize: writer.size });
    }
  } finally {
    await writer.abort();
    reservation.release(written);
    keepOrder(largestOrder);
  }
}

/** All of these reach the caller as 13: the real node wraps them. */
function checkPieceHash(limit: OrderLimit, done: PieceHash, hash: Uint8Array): void {
  if (!equalBytes(done.pieceId, limit.pieceId)) throw internal("piece id changed");
  if (!equalBytes(done.hash, hash)) throw internal("hashes don't match");
  if (!verifyUplinkPieceHash(done, limit.uplinkPublicKey)) throw internal("invalid piece hash signature");
}

function signReceipt(
  { identity, faults, now }: TransferParts,
  limit: OrderLimit,
  piece: Pick<PieceHash, "hash" | "hashAlgorithm" | "pieceSize">,
): PieceHash {
  const unsigned: PieceHash = {
    ...piece,
    pieceId: limit.pieceId,
    timestamp: timestampOfMillis(now()),
    signature: new Uint8Array(0),
  };
  return signPieceHashAsNode(faults.onSign?.(unsigned) ?? unsigned, identity);
}

/** The caller closed before it was done: no failure of the node's, so it counts as called off. */
function givenUp(text: string, status: number): Error {
  return new PosternError("canceled", text, { status });
}

function invalid(text: string): Error {
  return rpcError(RpcStatus.InvalidArgument, text);
}

function internal(text: string): Error {
  return rpcError(RpcStatus.Internal, text);
}
