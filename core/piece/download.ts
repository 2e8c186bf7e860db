import type { AddressedOrderLimit } from "../../proto/gen/metainfo.js";
import { OrderLimit, PieceHash } from "../../proto/gen/orders.js";
import { PieceDownloadRequest, type PieceDownloadResponse, PiecestoreDefinition } from "../../proto/gen/piecestore.js";
import { PosternError } from "../errors.js";
import type { ClientStream, ConnectionSource } from "../rpc/transport.js";
import { OrderSteps } from "./order-steps.js";
import { StallWatch } from "./stall.js";
import { pieceTarget } from "./target.js";

export interface PieceDownloadOptions {
  readonly addressedLimit: AddressedOrderLimit;
  /** Ed25519 key of the segment, 64 bytes. */
  readonly privateKey: Uint8Array;
  /** First byte within the piece. */
  readonly offset: number;
  /** Bytes to read; not more than the order limit's `limit`. */
  readonly size: number;
  /** How many received bytes the reader may leave untaken before the node has to wait. */
  readonly windowBytes: number;
  /** Milliseconds without any progress of the node until the download fails. */
  readonly stallTimeoutMs: number;
  /** Hears what nodes send with a piece that is read for repair: its hash, and the limit that it was uploaded with. */
  readonly onOrigin?: (hash: PieceHash, limit: OrderLimit) => void;
  readonly signal?: AbortSignal;
}

/**
 * Bytes of a response, at most. Nodes honour more than 1024 and less than 1 MiB (storj/storj
 * storagenode/piecestore/endpoint.go); larger ones cost less per byte and more memory.
 */
const maximumChunkSize = 64 * 1024;

/** Responses without data that a node may send. */
const maximumEmpty = 100;

/**
 * Reads a range of a piece. Data comes as the node sends it, in chunks of any size. Ordered bytes never exceed those
 * taken by more than the window, so memory and wasted traffic are bounded.
 * Source: storj/uplink private/piecestore/download.go.
 */
export async function* downloadPiece(
  connections: ConnectionSource,
  options: PieceDownloadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { privateKey, offset, size, windowBytes } = options;
  const target = pieceTarget(options.addressedLimit);
  const giveUp = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, giveUp.signal]) : giveUp.signal;
  const watch = new StallWatch(options.stallTimeoutMs, (error) => giveUp.abort(error));

  const method = PiecestoreDefinition.methods.download;
  const { connection, release } = await connections.acquire(target, { signal });
  let stream: ClientStream<PieceDownloadRequest, PieceDownloadResponse>;
  try {
    stream = connection.stream(PiecestoreDefinition, method, { signal });
  } catch (error) {
    release();
    throw error;
  }
  const orders = new OrderSteps(target.limit, privateKey);
  let received = 0;
  let empty = 0;

  /** Orders one more step when no more than a step is under way: so there are two at most, which the window holds. */
  function orderMore(): Promise<void> | undefined {
    const step = Math.min(orders.step, Math.max(Math.floor(windowBytes / 2), 1));
    if (orders.ordered - received > step || orders.ordered >= size) return undefined;
    return stream.send(PieceDownloadRequest.fromPartial({ order: orders.sign(Math.min(orders.ordered + step, size)) }));
  }

  let finished = false;
  try {
    const first = PieceDownloadRequest.fromPartial({ chunk: { offset, chunkSize: size }, maximumChunkSize });
    first.limit = target.limit;
    await watch.step(Promise.all([stream.send(first), orderMore()]));
    while (received < size) {
      const response = await watch.step(stream.receive());
      if (response === undefined) {
        throw new PosternError("protocol-error", `node ended after ${received} of ${size} bytes`);
      }
      if (response.hash !== undefined && response.limit !== undefined && options.onOrigin !== undefined) {
        options.onOrigin(kept(PieceHash, response.hash), kept(OrderLimit, response.limit));
      }
      const data = response.chunk?.data;
      if (data === undefined || data.length === 0) {
        // A few are normal (a piece restored from trash is told so); without end they would pass for progress.
        if (++empty > maximumEmpty) throw new PosternError("protocol-error", "node sends responses without data");
        continue;
      }
      if (response.chunk?.offset !== offset + received || received + data.length > size) {
        throw new PosternError("protocol-error", "node sent other bytes than those asked for");
      }
      received += data.length;
      // Before the reader takes the data: the next bytes are under way meanwhile.
      const ordering = orderMore();
      if (ordering !== undefined) await watch.step(ordering);
      finished = received === size;
      yield data;
    }
  } finally {
    // All data is here: close in good order, so that the node counts the download as done. Else call it off.
    if (finished) {
      void finish(stream).finally(release);
    } else {
      stream.cancel();
      release();
    }
  }
}

/** A copy: received messages are views of what the next one overwrites. */
function kept<T>(type: { encode(message: T): { finish(): Uint8Array }; decode(bytes: Uint8Array): T }, message: T): T {
  return type.decode(type.encode(message).finish());
}

const finishTimeoutMs = 5_000;

/** Nodes end the call after the close of their reader; nobody waits for it. */
async function finish(stream: ClientStream<PieceDownloadRequest, PieceDownloadResponse>): Promise<void> {
  const watch = new StallWatch(finishTimeoutMs, (error) => stream.cancel(error));
  try {
    await stream.closeSend();
    while ((await watch.step(stream.receive())) !== undefined);
  } catch (error) {
    stream.cancel(error);
  }
}
