import type { AddressedOrderLimit } from "../../proto/gen/metainfo.js";
import type { OrderLimit, PieceHash, PieceHashAlgorithm } from "../../proto/gen/orders.js";
import { PiecestoreDefinition, PieceUploadRequest } from "../../proto/gen/piecestore.js";
import { equalBytes } from "../bytes/bytes.js";
import { millisOfTimestamp } from "../bytes/timestamp.js";
import { PosternError } from "../errors.js";
import type { PeerIdentity } from "../identity/chain.js";
import { signPieceHashAsUplink, verifyNodePieceHash } from "../identity/signing.js";
import type { ClientStream, ConnectionSource } from "../rpc/transport.js";
import { replyIdentity } from "./node-identity.js";
import { OrderSteps } from "./order-steps.js";
import { StallWatch } from "./stall.js";
import { pieceTarget } from "./target.js";

/** Where the bytes of a piece come from, in order. */
export interface PieceSource {
  /** The next bytes; rejects when the piece is given up. `digest` comes with the last ones: the hash of the piece. */
  next(): Promise<{ readonly data: Uint8Array; readonly digest?: Uint8Array }>;
}

export interface PieceUploadOptions {
  readonly addressedLimit: AddressedOrderLimit;
  /** Ed25519 key of the segment, 64 bytes. */
  readonly privateKey: Uint8Array;
  readonly hashAlgorithm: PieceHashAlgorithm;
  readonly source: PieceSource;
  /** Milliseconds without any progress of the node until the upload fails. */
  readonly stallTimeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Bytes of a chunk message (storj/uplink private/piecestore/client.go, UploadBufferSize). */
const chunkSize = 64 * 1024;
/** How old the node's signature may be (storj/uplink private/piecestore/verification.go). */
const hashAgeMs = 24 * 60 * 60 * 1000;

type UploadStream = ClientStream<PieceUploadRequest, { done: PieceHash | undefined; nodeCertchain: Uint8Array }>;

/**
 * Sends one piece to its node and returns the piece hash that the node signed, verified.
 * Source: storj/uplink private/piecestore/upload.go.
 */
export async function uploadPiece(connections: ConnectionSource, options: PieceUploadOptions): Promise<PieceHash> {
  const target = pieceTarget(options.addressedLimit);
  const giveUp = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, giveUp.signal]) : giveUp.signal;
  const watch = new StallWatch(options.stallTimeoutMs, (error) => giveUp.abort(error));

  const method = PiecestoreDefinition.methods.upload;
  const { connection, release } = await connections.acquire(target, { signal });
  try {
    const stream = connection.stream(PiecestoreDefinition, method, { signal });
    try {
      // Nodes with a debounce limit take the limit together with the first chunk.
      const merge = (options.addressedLimit.storageNodeAddress?.debounceLimit ?? 0) > 0;
      const digest = await sendPiece(stream, watch, target.limit, options, merge);
      await watch.step(stream.closeSend());
      const reply = await watch.step(stream.receive());
      if (reply?.done === undefined) throw new PosternError("protocol-error", "node closed without a piece hash");
      const signer = replyIdentity(reply.nodeCertchain, connection.peerChain);
      verifyReply(reply.done, signer, target.limit, { digest, algorithm: options.hashAlgorithm });
      return reply.done;
    } catch (error) {
      stream.cancel(error);
      throw error;
    }
  } finally {
    release();
  }
}

/** Sends limit, data and hash; returns the digest that it sent. */
async function sendPiece(
  stream: UploadStream,
  watch: StallWatch,
  limit: OrderLimit,
  { privateKey, hashAlgorithm, source }: PieceUploadOptions,
  merge: boolean,
): Promise<Uint8Array> {
  const orders = new OrderSteps(limit, privateKey);
  let message = PieceUploadRequest.fromPartial({ hashAlgorithm });
  message.limit = limit;
  let sent: Promise<void> | undefined;
  if (!merge) {
    sent = stream.send(message);
    // Awaited together with the first chunk, so that both leave in one packet; a failure shows there too.
    sent.catch(() => undefined);
    message = PieceUploadRequest.fromPartial({});
  }
  let offset = 0;
  for (;;) {
    const { data, digest } = await source.next();
    for (let from = 0; from < data.length || digest !== undefined; from += chunkSize) {
      const chunk = data.subarray(from, from + chunkSize);
      if (chunk.length > 0) {
        message.chunk = { offset, data: chunk };
        offset += chunk.length;
        if (offset > orders.ordered) {
          message.order = orders.sign(Math.min(offset - chunk.length + orders.step, limit.limit));
        }
      }
      const last = digest !== undefined && from + chunkSize >= data.length;
      if (last) {
        message.done = signPieceHashAsUplink(
          {
            pieceId: limit.pieceId,
            hash: digest,
            pieceSize: offset,
            timestamp: limit.orderCreation,
            hashAlgorithm,
            signature: new Uint8Array(0),
          },
          privateKey,
        );
      }
      const sending = stream.send(message);
      await watch.step(Promise.all([sent, sending]));
      sent = undefined;
      message = PieceUploadRequest.fromPartial({});
      if (last) return digest;
    }
  }
}

function verifyReply(
  hash: PieceHash,
  { nodeId, leafKey }: PeerIdentity,
  limit: OrderLimit,
  expected: { digest: Uint8Array; algorithm: PieceHashAlgorithm },
): void {
  if (!equalBytes(nodeId, limit.storageNodeId)) {
    throw new PosternError("protocol-error", "piece hash was signed by another node");
  }
  const same =
    equalBytes(hash.pieceId, limit.pieceId) &&
    hash.hashAlgorithm === expected.algorithm &&
    equalBytes(hash.hash, expected.digest);
  if (!same) throw new PosternError("corrupt-data", "node signed another piece hash than the one sent");
  if (!verifyNodePieceHash(hash, leafKey)) {
    throw new PosternError("protocol-error", "piece hash has an invalid signature");
  }
  const signedAt = millisOfTimestamp(hash.timestamp);
  if (signedAt === undefined || signedAt < Date.now() - hashAgeMs) {
    throw new PosternError("protocol-error", "piece hash has an old timestamp");
  }
}
