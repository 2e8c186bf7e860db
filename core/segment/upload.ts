import type { AddressedOrderLimit, BeginSegmentResponse, SegmentPieceUploadResult } from "../../proto/gen/metainfo.js";
import type { PieceHash } from "../../proto/gen/orders.js";
import { PosternError } from "../errors.js";
import { uploadPiece } from "../piece/upload.js";
import type { ConnectionSource } from "../rpc/transport.js";
import type { PieceHashAlgorithm, SegmentCodec, SegmentEncoder, SegmentLayout } from "./codec.js";
import { type NodeTags, nodeTags, type Requirement, requirementOf } from "./cohorts.js";
import { createFanOut, type FanOut } from "./fan-out.js";
import type { ReplayBuffer } from "./memory-budget.js";
import type { NodeSpeeds } from "./node-speeds.js";
import { toldScheme } from "./scheme.js";
import { nextUploadStep } from "./upload-step.js";

export interface SegmentUploadDeps {
  readonly connections: ConnectionSource;
  readonly codec: SegmentCodec;
  readonly speeds: NodeSpeeds;
  readonly hashAlgorithm: PieceHashAlgorithm;
  /** Plain bytes that may be encoded ahead of the slowest piece. */
  readonly windowBytes: number;
  /** Milliseconds that a piece may hold back enough others, in all, until it is dropped. */
  readonly slowNodeMs: number;
  /** Milliseconds without progress until a piece fails. */
  readonly stallTimeoutMs: number;
  /** RetryBeginSegmentPieces: other nodes for these pieces, under a new segment id. */
  retryPieces(
    segmentId: Uint8Array,
    pieces: number[],
  ): Promise<{ segmentId: Uint8Array; addressedLimits: AddressedOrderLimit[] }>;
}

/** How a segment is encrypted, without what the satellite decides. */
export type SegmentCipher = Pick<SegmentLayout, "cipherSuite" | "contentKey" | "startingNonce" | "encryptedBlockSize">;

export interface UploadedSegment {
  readonly segmentId: Uint8Array;
  readonly results: SegmentPieceUploadResult[];
  readonly encryptedSize: number;
  readonly plainSize: number;
}

interface ActivePiece {
  readonly cancel: AbortController;
  /** Where its bytes come from. */
  readonly fan: FanOut;
}

/** Exchanges of failed pieces for others, at most (storj/uplink private/storage/streams/pieceupload/manager.go). */
const maximumExchanges = 11;

/**
 * Uploads one remote segment: all pieces at once, until the requirement of the satellite is met; the rest is cancelled.
 * Source: storj/uplink private/storage/streams/segmentupload/single.go.
 */
export class SegmentUpload {
  /** Resolves when enough pieces are stored. Rejects when that cannot happen any more. */
  readonly done: Promise<UploadedSegment>;
  private settle!: { resolve: (segment: UploadedSegment) => void; reject: (error: unknown) => void };
  private readonly layout: SegmentLayout;
  private readonly encoder: SegmentEncoder;
  private readonly fan: FanOut;
  private readonly enough: Requirement;
  private readonly successThreshold: number;
  private readonly cancelAll = new AbortController();
  private segmentId: Uint8Array;
  private limits: AddressedOrderLimit[];
  /** Of the nodes that the limits are for. */
  private tags: NodeTags[];
  private readonly active = new Map<number, ActivePiece>();
  private readonly finished = new Map<number, PieceHash>();
  private failed: number[] = [];
  /** Pieces with another node that wait for the segment to be encoded again. */
  private again: number[] = [];
  private exchanging = false;
  private exchanges = 0;
  /** The last write. */
  private writing: Promise<void> = Promise.resolve();
  private readonly blockedMs = new Map<number, number>();
  private encoded: { encryptedSize: number; plainSize: number } | undefined;
  private over = false;
  private lastError: unknown;

  /** Starts the pieces at once; they wait for bytes. `kept` gets every byte from the caller, and is released here. */
  constructor(
    private readonly deps: SegmentUploadDeps,
    private readonly begin: BeginSegmentResponse,
    cipher: SegmentCipher,
    private readonly kept: ReplayBuffer,
  ) {
    const scheme = toldScheme(begin.redundancyScheme);
    if (begin.privateKey.length !== 64) throw new PosternError("protocol-error", "segment has no piece private key");
    const pieces = begin.addressedLimits.flatMap(({ limit }, piece) => (limit === undefined ? [] : [piece]));
    if (pieces.length < scheme.optimal || begin.addressedLimits.length > scheme.total) {
      throw new PosternError("not-enough-nodes", `${pieces.length} nodes offered, ${scheme.optimal} needed`);
    }
    this.done = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.done.catch(() => undefined); // `write` and `end` reject too, and may be what the caller looks at
    this.layout = { ...cipher, required: scheme.required, total: scheme.total, shareSize: scheme.shareSize };
    this.successThreshold = scheme.optimal;
    this.enough = requirementOf(begin.cohortRequirements, scheme.optimal);
    this.segmentId = begin.segmentId;
    this.limits = begin.addressedLimits;
    this.tags = this.limits.map(({ tags }) => nodeTags(tags));
    this.encoder = deps.codec.encoder(this.layout, deps.hashAlgorithm);
    this.fan = createFanOut(Math.max(2, Math.ceil(deps.windowBytes / this.encoder.unitSize)));
    for (const piece of pieces) this.start(piece, this.fan);
  }

  /** Plain bytes that `write` likes best. */
  get unitSize(): number {
    return this.encoder.unitSize;
  }

  /**
   * Encodes and queues the next bytes (ownership passes); resolves when there is room for more. Calls may overlap: with
   * two under way the encoder never waits.
   */
  write(plain: Uint8Array): Promise<void> {
    const encoding = this.orAbort(this.encoder.encode(plain));
    const former = this.writing;
    const push = async () => {
      const [unit] = await Promise.all([encoding, former]);
      const room = this.fan.push(unit);
      if (room !== undefined) await this.waitForRoom(room);
    };
    this.writing = push();
    return this.writing;
  }

  /** No more bytes; resolves when everything is encoded, which is before everything is sent. */
  async end(): Promise<void> {
    await this.writing;
    const { unit, segment } = await this.orAbort(this.encoder.finish());
    this.encoded = { encryptedSize: segment.encryptedSize, plainSize: segment.plainSize };
    this.fan.end(unit, segment.pieceHashes);
    this.encoder.close();
    this.check();
  }

  /** Gives up: cancels all pieces. */
  abort(error: unknown): void {
    if (this.over) return;
    this.stop(error);
    this.settle.reject(error);
  }

  private async orAbort<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.abort(error);
      throw error;
    }
  }

  private start(piece: number, fan: FanOut): void {
    const me: ActivePiece = { cancel: new AbortController(), fan };
    this.active.set(piece, me);
    const addressedLimit = this.limits[piece] as AddressedOrderLimit;
    uploadPiece(this.deps.connections, {
      addressedLimit,
      privateKey: this.begin.privateKey,
      hashAlgorithm: this.deps.hashAlgorithm,
      source: fan.open(piece),
      stallTimeoutMs: this.deps.stallTimeoutMs,
      signal: AbortSignal.any([this.cancelAll.signal, me.cancel.signal]),
    }).then(
      (hash) => {
        if (this.over || this.active.get(piece) !== me) return;
        this.active.delete(piece);
        this.finished.set(piece, hash);
        this.check();
      },
      (error: unknown) => {
        if (this.over || this.active.get(piece) !== me) return;
        this.lastError = error;
        this.remove(piece);
        this.failed.push(piece);
        this.check();
      },
    );
  }

  /** Takes a piece out that failed or that others wait for. */
  private remove(piece: number): void {
    const { cancel, fan } = this.active.get(piece) as ActivePiece;
    this.active.delete(piece);
    fan.drop(piece);
    cancel.abort(new PosternError("canceled", "piece was given up"));
    const nodeId = this.limits[piece]?.limit?.storageNodeId;
    if (nodeId !== undefined) this.deps.speeds.failed(nodeId);
  }

  /** Waits until the slowest piece has moved, and drops those that hold enough others back for too long. */
  private async waitForRoom(room: Promise<void>): Promise<void> {
    let since = Date.now();
    const blame = () => {
      const now = Date.now();
      this.blame(now - since);
      since = now;
    };
    const timer = setInterval(blame, Math.max(5, this.deps.slowNodeMs / 10));
    try {
      await room;
    } finally {
      clearInterval(timer);
    }
  }

  private blame(ms: number): void {
    // Only while nodes that would suffice wait for data: else the way out of here is the bottleneck, not a node.
    if (this.fan.waiting() < this.successThreshold) return;
    for (const piece of this.fan.laggards()) {
      const total = (this.blockedMs.get(piece) ?? 0) + ms;
      this.blockedMs.set(piece, total);
      if (total >= this.deps.slowNodeMs && this.possible({ without: piece })) this.remove(piece);
    }
  }

  private tagsOf(pieces: Iterable<number>): NodeTags[] {
    return Array.from(pieces, (piece) => this.tags[piece] as NodeTags);
  }

  /** Whether the requirement can be met with what is under way and more pieces, or without one. */
  private possible({ without, more = [] }: { without?: number; more?: readonly number[] } = {}): boolean {
    const active = [...this.active.keys()].filter((piece) => piece !== without);
    return this.enough(this.tagsOf([...this.finished.keys(), ...active, ...more]));
  }

  /** Decides what follows from the state of the pieces. */
  private check(): void {
    if (this.over) return;
    const kept = this.kept.chunks;
    const step = nextUploadStep({
      encoded: this.encoded !== undefined,
      enough: this.enough(this.tagsOf(this.finished.keys())),
      possible: this.possible(),
      possibleAgain: this.possible({ more: kept === undefined ? [] : this.again }),
      finished: this.finished.size,
      active: this.active.size,
      failed: this.failed.length,
      successThreshold: this.successThreshold,
      atStart: this.fan.atStart,
      kept: kept !== undefined,
      mayExchange: this.exchanges < maximumExchanges,
      exchanging: this.exchanging,
    });
    if (step === "succeed") this.succeed();
    else if (step === "exchange") void this.exchange();
    else if (step === "replay" && kept !== undefined) this.replay(kept);
    else if (step === "fail") {
      const left = this.finished.size + this.active.size;
      const text = `only ${left} nodes work, ${this.successThreshold} are needed`;
      this.abort(new PosternError("not-enough-nodes", text, { cause: this.lastError }));
    }
  }

  private succeed(): void {
    const results = [...this.finished]
      .sort(([a], [b]) => a - b)
      .map(([pieceNum, hash]) => ({
        pieceNum,
        nodeId: this.limits[pieceNum]?.limit?.storageNodeId as Uint8Array,
        hash,
      }));
    this.stop(new PosternError("canceled", "enough pieces are stored"));
    const encoded = this.encoded as { encryptedSize: number; plainSize: number };
    this.settle.resolve({ segmentId: this.segmentId, results, ...encoded });
  }

  private stop(reason: unknown): void {
    this.over = true;
    this.cancelAll.abort(reason);
    this.fan.close(reason);
    this.encoder.close();
    this.kept.release();
  }

  /** Asks for other nodes in place of those that failed, and starts these pieces from the beginning. */
  private async exchange(): Promise<void> {
    this.exchanging = true;
    this.exchanges++;
    // The others wait for the new nodes while that is short; else they go on, and the new nodes come at the end.
    this.fan.hold = this.fan.atStart;
    const letGo = setTimeout(() => {
      this.fan.hold = false;
    }, this.deps.slowNodeMs);
    try {
      await new Promise((resolve) => setImmediate(resolve)); // failures often come in groups
      const pieces = this.failed.sort((a, b) => a - b);
      this.failed = [];
      const reply = await this.deps.retryPieces(this.segmentId, pieces);
      if (this.over) return;
      if (reply.addressedLimits.length !== this.limits.length) {
        throw new PosternError("protocol-error", "satellite answered with another number of order limits");
      }
      this.segmentId = reply.segmentId;
      this.limits = reply.addressedLimits;
      this.tags = this.limits.map(({ tags }) => nodeTags(tags));
      if (this.fan.atStart) for (const piece of pieces) this.start(piece, this.fan);
      else this.again.push(...pieces);
    } catch (error) {
      this.lastError = error;
    } finally {
      clearTimeout(letGo);
      this.exchanging = false;
      this.fan.hold = false;
      this.check();
    }
  }

  /** Encodes the segment once more, only for the pieces that wait for it. */
  private replay(chunks: readonly Uint8Array[]): void {
    const encoder = this.deps.codec.encoder(this.layout, this.deps.hashAlgorithm);
    const fan = createFanOut(2);
    this.cancelAll.signal.addEventListener("abort", () => fan.close(this.cancelAll.signal.reason), { once: true });
    for (const piece of this.again.splice(0)) this.start(piece, fan);
    const encodeAll = async () => {
      for (const plain of regroup(chunks, encoder.unitSize)) await fan.push(await encoder.encode(plain));
      const { unit, segment } = await encoder.finish();
      fan.end(unit, segment.pieceHashes);
    };
    encodeAll()
      .catch((error: unknown) => fan.close(error))
      .finally(() => encoder.close());
  }
}

/** Copies chunks into buffers of the given size. */
function* regroup(chunks: readonly Uint8Array[], size: number): Generator<Uint8Array> {
  let buffer = new Uint8Array(size);
  let filled = 0;
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + size - filled);
      buffer.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < size) continue;
      yield buffer;
      buffer = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
