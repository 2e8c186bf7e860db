import type { AddressedOrderLimit, DownloadSegmentResponse } from "../../proto/gen/metainfo.js";
import { abortError, isPosternError, PosternError } from "../errors.js";
import { downloadPiece } from "../piece/download.js";
import type { ConnectionSource } from "../rpc/transport.js";
import type { DecodeResult, SegmentCodec, SegmentDecoder, SegmentLayout } from "./codec.js";
import { PieceFeed } from "./feed.js";
import { type StripeRange, stripesOf } from "./geometry.js";
import type { NodeSpeeds } from "./node-speeds.js";
import { Notifier } from "./notifier.js";
import { toldScheme } from "./scheme.js";
import type { SegmentCipher } from "./upload.js";

export interface SegmentDownloadDeps {
  readonly connections: ConnectionSource;
  readonly codec: SegmentCodec;
  readonly speeds: NodeSpeeds;
  /** Received bytes of all pieces together that may wait to be decoded. */
  readonly windowBytes: number;
  /** Milliseconds without progress until one more node is asked. */
  readonly hedgeMs: number;
  /** Milliseconds without progress until a node is given up. */
  readonly stallTimeoutMs: number;
  /** Ends the download at once. */
  readonly signal: AbortSignal;
  /** Order limits for all nodes of the segment, with a new serial number: one is good for one use at each node. */
  refresh(): Promise<DownloadSegmentResponse>;
}

interface Candidate {
  readonly piece: number;
  readonly limit: AddressedOrderLimit;
  readonly privateKey: Uint8Array;
}

/** Times that differ by less than half are alike; then the first pieces come first, since they hold the data itself. */
function speedClass(expectedMs: number): number {
  return Math.round(Math.log(Math.max(expectedMs, 1)) / Math.log(1.5));
}

/** Fresh limits are asked for so often for one segment. */
const maximumRefreshes = 3;

/**
 * Reads a plain range of one remote segment. As many pieces as are needed are read at the same time, from the nodes
 * that did best lately; others join when some lag, fail or send rubbish.
 * Source of the geometry: storj/uplink private/ecclient/client.go, private/eestream/decode.go.
 */
export class SegmentDownload {
  private readonly layout: SegmentLayout;
  private readonly encryptedSize: number;
  private readonly stripes: StripeRange;
  private readonly length: number;
  private candidates: Candidate[];
  private readonly feeds = new Map<number, PieceFeed>();
  private readonly corrupt = new Set<number>();
  private readonly changed = new Notifier();
  private refreshes = 0;
  private refreshing: Promise<void> | undefined;
  private lastError: unknown;
  private unitBytes = 0;

  /** @param range plain bytes within the segment, not empty */
  constructor(
    private readonly deps: SegmentDownloadDeps,
    response: DownloadSegmentResponse,
    cipher: SegmentCipher,
    range: { readonly start: number; readonly end: number },
  ) {
    const { required, total, shareSize } = toldScheme(response.redundancyScheme);
    this.layout = { ...cipher, required, total, shareSize };
    this.encryptedSize = response.segmentSize;
    this.stripes = stripesOf(range, this.layout);
    this.length = range.end - range.start;
    this.candidates = this.candidatesOf(response);
    if (this.candidates.length < required) {
      throw new PosternError("not-enough-nodes", `${this.candidates.length} nodes offered, ${required} needed`);
    }
  }

  /** The plain bytes, in order. Nothing is asked for before the first is wanted. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    const decoder = this.deps.codec.decoder(this.layout);
    this.unitBytes = decoder.unitStripes * this.layout.shareSize;
    const { firstStripe, endStripe } = this.stripes;
    const onAbort = () => this.changed.notify();
    this.deps.signal.addEventListener("abort", onAbort, { once: true });
    let skip = this.stripes.skip;
    let left = this.length;
    try {
      for (let stripe = firstStripe, end: number; stripe < endStripe && left > 0; stripe = end) {
        // Units are counted from the start of the segment: so they cut no cipher block, which could not be decoded again
        // from other pieces when a share in its first part turns out to be wrong.
        end = Math.min((Math.floor(stripe / decoder.unitStripes) + 1) * decoder.unitStripes, endStripe);
        const { plain } = await this.decode(decoder, stripe, end);
        for (const feed of this.feeds.values()) feed.forget(end * this.layout.shareSize);
        const wanted = plain.subarray(skip, skip + left);
        skip -= Math.min(skip, plain.length);
        left -= wanted.length;
        if (wanted.length > 0) yield wanted;
      }
      if (left > 0) throw new PosternError("corrupt-data", "segment is shorter than the satellite says");
    } finally {
      this.deps.signal.removeEventListener("abort", onAbort);
      for (const feed of [...this.feeds.values()]) this.close(feed);
      decoder.close();
    }
  }

  private candidatesOf({ addressedLimits, privateKey }: DownloadSegmentResponse): Candidate[] {
    if (addressedLimits.length !== this.layout.total) {
      throw new PosternError(
        "protocol-error",
        `${addressedLimits.length} order limits for ${this.layout.total} pieces`,
      );
    }
    const bytes = (this.stripes.endStripe - this.stripes.firstStripe) * this.layout.shareSize;
    const expected = (limit: AddressedOrderLimit) =>
      this.deps.speeds.expectedMs(limit.limit?.storageNodeId as Uint8Array, bytes);
    return addressedLimits
      .map((limit, piece) => ({ piece, limit, privateKey, ms: limit.limit === undefined ? 0 : expected(limit) }))
      .filter(({ piece, limit }) => limit.limit !== undefined && !this.corrupt.has(piece) && !this.feeds.has(piece))
      .sort((a, b) => speedClass(a.ms) - speedClass(b.ms) || a.piece - b.piece);
  }

  /** Decodes one run of stripes from the first pieces that have it. */
  private async decode(decoder: SegmentDecoder, stripe: number, end: number): Promise<DecodeResult> {
    const { required, shareSize } = this.layout;
    for (let wanted = required; ; wanted++) {
      const feeds = await this.collect(wanted, stripe, end);
      const runs = feeds.map((feed) => ({
        pieceNumber: feed.piece,
        data: feed.view(stripe * shareSize, end * shareSize),
      }));
      try {
        const result = await decoder.decode({ runs, firstStripe: stripe, encryptedSize: this.encryptedSize });
        for (const piece of result.corrupt) this.reject(piece);
        this.dropSlowest(end * shareSize);
        return result;
      } catch (error) {
        if (!isPosternError(error, "corrupt-data", "not-enough-shares")) throw error;
        this.lastError = error; // some share is wrong: one more tells which
      }
    }
  }

  /** Waits until `wanted` pieces have these stripes; asks more nodes when that takes too long. */
  private async collect(wanted: number, stripe: number, end: number): Promise<PieceFeed[]> {
    const to = end * this.layout.shareSize;
    const received = new Map<PieceFeed, number>();
    let deadline = performance.now() + this.deps.hedgeMs;
    for (;;) {
      if (this.deps.signal.aborted) throw abortError(this.deps.signal);
      for (const feed of [...this.feeds.values()]) if (feed.failure !== undefined) this.failed(feed);
      while (this.feeds.size < wanted && this.startNext(stripe));
      if (this.feeds.size < wanted) {
        await this.refresh(wanted);
        continue;
      }
      const ready = [...this.feeds.values()].filter((feed) => feed.reaches(to));
      // The first pieces hold the data itself: with them there is nothing to compute.
      if (ready.length >= wanted) return ready.sort((a, b) => a.piece - b.piece).slice(0, wanted);
      if (await this.changed.wait(deadline - performance.now())) continue;
      deadline = performance.now() + this.deps.hedgeMs;
      this.hedge(wanted, stripe, to, received);
    }
  }

  /** Asks one more node for each that brought nothing since the last time, and one when few lag behind the others. */
  private hedge(wanted: number, stripe: number, to: number, received: Map<PieceFeed, number>): void {
    const late = [...this.feeds.values()].filter((feed) => !feed.reaches(to));
    const stuck = late.filter((feed) => (received.get(feed) ?? 0) === feed.received);
    const mostAreReady = this.feeds.size - late.length >= Math.ceil((wanted * 2) / 3);
    for (const feed of late) received.set(feed, feed.received);
    for (let more = Math.max(mostAreReady ? 1 : 0, stuck.length - (this.feeds.size - wanted)); more > 0; more--) {
      if (this.startNext(stripe)) continue;
      // Those under way may still answer: new limits are asked for beside them.
      if (this.refreshes < maximumRefreshes) this.refresh(wanted).catch((error) => this.note(error));
      return;
    }
  }

  private note(error: unknown): void {
    this.lastError = error;
  }

  /** Replaces the order limits by fresh ones. */
  private refresh(wanted: number): Promise<void> {
    if (this.refreshing !== undefined) return this.refreshing;
    if (this.refreshes++ >= maximumRefreshes) {
      if (isPosternError(this.lastError, "corrupt-data")) return Promise.reject(this.lastError);
      const text = `${this.feeds.size} nodes deliver, ${wanted} are needed`;
      return Promise.reject(new PosternError("not-enough-nodes", text, { cause: this.lastError }));
    }
    const replace = async () => {
      this.candidates = this.candidatesOf(await this.deps.refresh());
    };
    this.refreshing = replace().finally(() => {
      this.refreshing = undefined;
      this.changed.notify();
    });
    return this.refreshing;
  }

  private failed(feed: PieceFeed): void {
    this.note(feed.failure);
    this.deps.speeds.failed(feed.nodeId);
    this.feeds.delete(feed.piece);
    feed.cancel();
  }

  /** A node sent rubbish: never again for this segment. */
  private reject(piece: number): void {
    this.corrupt.add(piece);
    const feed = this.feeds.get(piece);
    if (feed !== undefined) this.failed(feed);
  }

  /** Ends the transfers that were not needed for what is decoded by now, down to the number that is. */
  private dropSlowest(to: number): void {
    const late = [...this.feeds.values()].filter((feed) => !feed.reaches(to)).sort((a, b) => a.received - b.received);
    for (const feed of late.slice(0, Math.max(0, this.feeds.size - this.layout.required))) {
      // One that was asked only just now is not to blame.
      const hadTime = performance.now() - feed.startedAt > this.deps.hedgeMs;
      if (feed.received === 0 && hadTime) this.failed(feed);
      else this.close(feed);
    }
  }

  private close(feed: PieceFeed): void {
    this.feeds.delete(feed.piece);
    if (feed.latencyMs !== undefined) {
      this.deps.speeds.delivered(feed.nodeId, feed.received, feed.waitedMs, feed.latencyMs);
    }
    feed.cancel();
  }

  private startNext(stripe: number): boolean {
    const candidate = this.candidates.shift();
    if (candidate === undefined) return false;
    const { piece, limit, privateKey } = candidate;
    const { shareSize, required } = this.layout;
    const offset = stripe * shareSize;
    const share = Math.ceil(this.deps.windowBytes / required / 2);
    const feed = new PieceFeed(
      piece,
      limit.limit?.storageNodeId as Uint8Array,
      offset,
      Math.max(share, 2 * this.unitBytes),
      (signal) =>
        downloadPiece(this.deps.connections, {
          addressedLimit: limit,
          privateKey,
          offset,
          size: this.stripes.endStripe * shareSize - offset,
          windowBytes: share,
          stallTimeoutMs: this.deps.stallTimeoutMs,
          signal,
        }),
      () => this.changed.notify(),
    );
    this.feeds.set(piece, feed);
    return true;
  }
}
