import { randomBytes } from "node:crypto";
import {
  BeginSegmentRequest,
  type BeginSegmentResponse,
  CommitSegmentRequest,
  MakeInlineSegmentRequest,
  RetryBeginSegmentPiecesRequest,
  type SegmentPosition,
} from "../proto/gen/metainfo.js";
import { raceAbort } from "./abort.js";
import { concatBytes } from "./bytes/bytes.js";
import type { ProjectContext } from "./context.js";
import { encryptedSize } from "./crypto/blocks.js";
import { encrypt, encryptKey } from "./crypto/cipher.js";
import { CipherSuite } from "./crypto/cipher-suite.js";
import { contentNonce } from "./crypto/nonce.js";
import { toPosternError } from "./errors.js";
import type { BatchItem } from "./metainfo/batch.js";
import type { CallSubject } from "./metainfo/errors.js";
import { encryptedBlockSize } from "./options.js";
import type { Reservation } from "./segment/buffer-budget.js";
import { uploadBufferSizes } from "./segment/buffer-sizes.js";
import type { ByteReader } from "./segment/byte-reader.js";
import { ReplayBuffer } from "./segment/memory-budget.js";
import { toldScheme } from "./segment/scheme.js";
import { type SegmentCipher, SegmentUpload, type UploadedSegment } from "./segment/upload.js";

/** Cipher of the contents of new objects, whatever the path cipher (storj/uplink project.go). */
export const contentCipher = CipherSuite.AesGcm;

/** Segments whose last pieces may still be under way while the next is written. */
const maximumTails = 2;
/** Units that are encoded at a time. */
const maximumWrites = 2;

export interface StreamTarget {
  /** 0 for objects uploaded in one go. */
  readonly partNumber: number;
  /** Content key of the object's path. */
  readonly pathKey: Uint8Array;
  /** The upload's stream id, or how to get one: the begin of the object, which goes with the first segment. */
  readonly stream: { readonly id: Uint8Array } | { readonly begin: BeginObjectItem };
}

export type BeginObjectItem = Extract<BatchItem, { $case: "objectBegin" }>;

/** The end of a stream: everything is stored but the last segment, whose commit is left to the caller. */
export interface StreamEnd {
  /** Plain bytes in all, and of the last segment. */
  readonly plainSize: number;
  readonly lastSegmentSize: number;
  /** Undefined when nothing has been sent yet: the object is small, and `begin` goes with the last items. */
  readonly streamId: Uint8Array | undefined;
  /** Content key of the last segment, for the ETag of a part. */
  readonly lastContentKey: Uint8Array;
  /** Commits or makes the last segment; resolves when its pieces are stored. */
  lastItem(encryptedEtag: Uint8Array): Promise<BatchItem>;
}

interface SegmentKeys {
  readonly contentKey: Uint8Array;
  readonly encryptedKey: Uint8Array;
  readonly encryptedKeyNonce: Uint8Array;
}

function newSegmentKeys(pathKey: Uint8Array): SegmentKeys {
  const contentKey = randomBytes(32);
  const encryptedKeyNonce = randomBytes(24);
  const encryptedKey = encryptKey(contentKey, contentCipher, pathKey, encryptedKeyNonce);
  return { contentKey, encryptedKey, encryptedKeyNonce };
}

/**
 * Cuts a body into segments and stores them. Memory is bounded: a segment is written as it is read, and its tail
 * overlaps the next. Aborting `abort` cancels everything; a failure aborts it. `onStream` hears of an object that is
 * being begun.
 * Source: storj/uplink private/storage/streams/uploader.go, splitter/splitter.go.
 */
export async function uploadStream(
  context: ProjectContext,
  subject: CallSubject,
  target: StreamTarget,
  reader: ByteReader,
  abort: AbortController,
  onStream: (streamId: Promise<Uint8Array>) => void,
): Promise<StreamEnd> {
  const { metainfo, options } = context;
  const { signal } = abort;
  const { partNumber, pathKey, stream } = target;
  let streamId = "id" in stream ? stream.id : undefined;
  let plainSize = 0;
  const tails: Promise<void>[] = [];

  async function beginSegment(position: SegmentPosition): Promise<BeginSegmentResponse> {
    const maxOrderLimit = encryptedSize(options.segmentSize, contentCipher, encryptedBlockSize);
    const value = BeginSegmentRequest.fromPartial({ position, maxOrderLimit, streamId });
    if (streamId !== undefined || "id" in stream) {
      const [reply] = await metainfo.batch([{ $case: "segmentBegin", value }], subject, { signal });
      return reply;
    }
    // Not called off on the wire: the satellite may have begun the object, which can only be taken back by its stream id.
    const begun = metainfo.batch([stream.begin, { $case: "segmentBegin", value }], subject);
    onStream(begun.then(([object]) => object.streamId));
    const [object, reply] = await raceAbort(signal, begun);
    streamId = object.streamId;
    return reply;
  }

  async function retryPieces(segmentId: Uint8Array, retryPieceNumbers: number[]) {
    const value = RetryBeginSegmentPiecesRequest.fromPartial({ segmentId, retryPieceNumbers });
    const [reply] = await metainfo.batch([{ $case: "segmentBeginRetryPieces", value }], subject, { signal });
    return reply;
  }

  for (let index = 0; ; index++) {
    const position = { partNumber, index };
    const keys = newSegmentKeys(pathKey);
    const available = await raceAbort(signal, reader.fill(options.inlineSize + 1));
    if (available <= options.inlineSize) {
      const plain = takeAll(reader);
      plainSize += plain.length;
      await raceAbort(signal, Promise.all(tails));
      return {
        plainSize,
        lastSegmentSize: plain.length,
        streamId,
        lastContentKey: keys.contentKey,
        lastItem: async (encryptedETag) => inlineItem(streamId, position, keys, plain, encryptedETag),
      };
    }
    const begin = await beginSegment(position);
    const cipher: SegmentCipher = {
      cipherSuite: contentCipher,
      contentKey: keys.contentKey,
      startingNonce: contentNonce(partNumber, index),
      encryptedBlockSize,
    };
    const buffers = uploadBufferSizes({ ...cipher, ...toldScheme(begin.redundancyScheme) }, options.uploadWindowBytes);
    const reservation = await context.uploadBuffers.reserve(buffers.least, buffers.most, signal);
    const kept = new ReplayBuffer(context.replayBudget);
    const deps = {
      connections: context.connections,
      codec: context.codec,
      speeds: context.speeds,
      hashAlgorithm: options.pieceHash === "sha256" ? 0 : 1,
      windowBytes: buffers.windowOf(reservation.bytes),
      slowNodeMs: options.slowNodeMs,
      stallTimeoutMs: options.nodeStallMs,
      retryPieces,
    } as const;
    const segment = startSegment(() => new SegmentUpload(deps, begin, cipher, kept), reservation);
    const onAbort = () => segment.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const done = segment.done.finally(() => signal.removeEventListener("abort", onAbort));
    done.catch((error: unknown) => abort.abort(toPosternError(error)));

    const size = await raceAbort(signal, writeSegment(reader, segment, kept, options.segmentSize));
    plainSize += size;
    if ((await raceAbort(signal, reader.fill(1))) === 0) {
      await raceAbort(signal, Promise.all(tails));
      return {
        plainSize,
        lastSegmentSize: size,
        streamId,
        lastContentKey: keys.contentKey,
        lastItem: async (encryptedETag) => commitItem(await raceAbort(signal, done), keys, encryptedETag),
      };
    }
    const tail = done
      .then((uploaded) => metainfo.batch([commitItem(uploaded, keys, noBytes)], subject, { signal }))
      .then(() => undefined);
    tail.catch((error: unknown) => abort.abort(toPosternError(error)));
    tails.push(tail);
    if (tails.length >= maximumTails) await raceAbort(signal, tails.shift() as Promise<void>);
  }
}

const noBytes = new Uint8Array(0);

/** Gives the reservation back when the segment is over, or could not be begun. */
function startSegment(start: () => SegmentUpload, reservation: Reservation): SegmentUpload {
  try {
    const segment = start();
    void segment.done.catch(() => undefined).finally(() => reservation.release());
    return segment;
  } catch (error) {
    reservation.release();
    throw error;
  }
}

/** The rest of the body, which is small. */
function takeAll(reader: ByteReader): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let part = reader.take(); part !== undefined; part = reader.take()) parts.push(part);
  return concatBytes(...parts);
}

/** Moves the next bytes of the body into a segment until it is full or the body ends; returns how many. */
async function writeSegment(
  reader: ByteReader,
  segment: SegmentUpload,
  kept: ReplayBuffer,
  segmentSize: number,
): Promise<number> {
  let total = 0;
  const writing: Promise<void>[] = [];
  for (;;) {
    // The next unit is read while the former ones are encoded.
    const size = Math.min(segment.unitSize, segmentSize - total);
    const chunks: Uint8Array[] = [];
    let filled = 0;
    while (filled < size) {
      const chunk = await reader.read(size - filled);
      if (chunk === undefined) break;
      chunks.push(chunk);
      kept.add(chunk);
      filled += chunk.length;
    }
    if (writing.length === maximumWrites) await writing.shift();
    total += filled;
    if (filled > 0) {
      const write = segment.write(concatBytes(...chunks)); // a copy: the codec may send its buffer to another thread
      write.catch(() => undefined); // seen when it is awaited
      writing.push(write);
    }
    if (filled < size || total === segmentSize) break;
  }
  await Promise.all(writing);
  await segment.end();
  return total;
}

function inlineItem(
  streamId: Uint8Array | undefined,
  position: SegmentPosition,
  { contentKey, encryptedKey, encryptedKeyNonce }: SegmentKeys,
  plain: Uint8Array,
  encryptedETag: Uint8Array,
): BatchItem {
  const nonce = contentNonce(position.partNumber, position.index);
  const value = MakeInlineSegmentRequest.fromPartial({
    streamId,
    position,
    encryptedKey,
    encryptedKeyNonce,
    encryptedInlineData: encrypt(plain, contentCipher, contentKey, nonce),
    plainSize: plain.length,
    encryptedETag,
  });
  return { $case: "segmentMakeInline", value };
}

function commitItem(
  { segmentId, results, encryptedSize, plainSize }: UploadedSegment,
  { encryptedKey, encryptedKeyNonce }: SegmentKeys,
  encryptedETag: Uint8Array,
): BatchItem {
  const value = CommitSegmentRequest.fromPartial({
    segmentId,
    encryptedKey,
    encryptedKeyNonce,
    sizeEncryptedData: encryptedSize,
    plainSize,
    encryptedETag,
  });
  value.uploadResult = results;
  return { $case: "segmentCommit", value };
}
