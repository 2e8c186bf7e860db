import {
  DownloadObjectRequest,
  DownloadSegmentRequest,
  type DownloadSegmentResponse,
  ListSegmentsRequest,
  type Range,
  type SegmentListItem,
} from "../proto/gen/metainfo.js";
import { linkAbort } from "./abort.js";
import type { ByteRange, GetObjectOptions, Key, ObjectDownload } from "./api.js";
import type { ProjectContext } from "./context.js";
import { decryptBlocks, plainBlockSize } from "./crypto/blocks.js";
import { decrypt, decryptKey } from "./crypto/cipher.js";
import { contentNonce } from "./crypto/nonce.js";
import { abortError, PosternError } from "./errors.js";
import { locate } from "./location.js";
import { type OpenedMetadata, openMetadata } from "./metadata.js";
import { objectInfo, requireObject } from "./object.js";
import type { Reservation } from "./segment/buffer-budget.js";
import { downloadBufferSizes } from "./segment/buffer-sizes.js";
import { SegmentDownload } from "./segment/download.js";
import { Prefetch } from "./segment/prefetch.js";
import type { SegmentCipher } from "./segment/upload.js";

/** A segment and the plain bytes wanted of it. */
interface WantedSegment {
  readonly partNumber: number;
  readonly index: number;
  /** Within the segment. */
  readonly start: number;
  readonly end: number;
}

export async function getObject(
  context: ProjectContext,
  bucket: string,
  key: Key,
  options: GetObjectOptions = {},
): Promise<ObjectDownload> {
  const { metainfo } = context;
  const at = locate(context.store, bucket, key);
  const value = DownloadObjectRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    range: rangeMessage(options.range),
    objectVersion: options.version,
  });
  const [reply] = await metainfo.batch([{ $case: "objectDownload", value }], "object", { signal: options.signal });
  const object = requireObject(reply.object);
  const opened = openMetadata(object, at.contentKey);
  const info = objectInfo(at.key, object, opened);
  const { offset, length } = cutRange(info.size, options.range);

  const abort = new AbortController();
  const unlink = linkAbort(options.signal, abort);
  const download: Download = {
    context,
    streamId: object.streamId,
    pathKey: at.contentKey,
    cipherSuite: opened.cipherSuite || (object.encryptionParameters?.cipherSuite ?? 0),
    blockSize: opened.encryptionBlockSize || (object.encryptionParameters?.blockSize ?? 0),
    first: reply.segmentDownload[0],
    signal: abort.signal,
  };
  const segments = wantedSegments(
    download,
    { items: reply.segmentList?.items ?? [], more: reply.segmentList?.more ?? false },
    (item) => placeOf(item, opened),
    { start: offset, end: offset + length },
  );
  return {
    info,
    offset,
    length,
    body: { [Symbol.asyncIterator]: () => readBody(download, segments, length, abort, unlink) },
    close() {
      unlink();
      abort.abort(new PosternError("canceled", "download was closed"));
    },
  };
}

interface Download {
  readonly context: ProjectContext;
  readonly streamId: Uint8Array;
  readonly pathKey: Uint8Array;
  readonly cipherSuite: number;
  readonly blockSize: number;
  /** The first segment comes with the object. */
  readonly first: DownloadSegmentResponse | undefined;
  readonly signal: AbortSignal;
}

function rangeMessage(range: ByteRange | undefined): Range | undefined {
  if (range === undefined) return undefined;
  if ("suffix" in range) return { range: { $case: "suffix", value: { plainSuffix: range.suffix } } };
  if (range.end === undefined) return { range: { $case: "start", value: { plainStart: range.start } } };
  return { range: { $case: "startLimit", value: { plainStart: range.start, plainLimit: range.end } } };
}

/** Cuts a range to the object. @throws PosternError range-not-satisfiable when nothing is left (RFC 9110 clause 14.1.2) */
export function cutRange(size: number, range: ByteRange | undefined): { offset: number; length: number } {
  if (range === undefined) return { offset: 0, length: size };
  const start = "suffix" in range ? Math.max(size - range.suffix, 0) : range.start;
  const end = "suffix" in range ? size : Math.min(range.end ?? size, size);
  const valid = Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(end);
  if (!valid || start >= end) throw new PosternError("range-not-satisfiable", "range lies outside of the object");
  return { offset: start, length: end - start };
}

/**
 * Plain offset and size of a segment. Where all segments but the last have one size, the client computes them (storj/
 * uplink private/metaclient/client.go, calculatePlain), since old satellites did not.
 */
function placeOf(item: SegmentListItem, opened: OpenedMetadata): { offset: number; size: number } {
  const { partNumber = 0, index = 0 } = item.position ?? {};
  if (opened.segmentsSize <= 0 || partNumber > 0) return { offset: item.plainOffset, size: item.plainSize };
  const last = index === opened.numberOfSegments - 1;
  return { offset: index * opened.segmentsSize, size: last ? opened.lastSegmentSize : opened.segmentsSize };
}

/** The segments of a range; the satellite lists a thousand at a time. */
async function* wantedSegments(
  { context, streamId, signal }: Download,
  firstPage: { items: readonly SegmentListItem[]; more: boolean },
  place: (item: SegmentListItem) => { offset: number; size: number },
  range: { readonly start: number; readonly end: number },
): AsyncGenerator<WantedSegment, void, undefined> {
  let page = firstPage;
  for (;;) {
    for (const item of page.items) {
      const { offset, size } = place(item);
      if (offset >= range.end) return;
      const start = Math.max(range.start - offset, 0);
      const end = Math.min(range.end - offset, size);
      if (start < end) yield { partNumber: 0, index: 0, ...item.position, start, end };
    }
    const cursorPosition = page.items.at(-1)?.position;
    if (!page.more || cursorPosition === undefined) return;
    const value = ListSegmentsRequest.fromPartial({ streamId, cursorPosition });
    [page] = await context.metainfo.batch([{ $case: "segmentList", value }], "object", { signal });
  }
}

/** Reads segments in order; the next ones are begun while the reader is busy with the one before. */
async function* readBody(
  download: Download,
  segments: AsyncGenerator<WantedSegment, void, undefined>,
  length: number,
  abort: AbortController,
  unlink: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { context, signal } = download;
  const started: Prefetch[] = [];
  let startedBytes = 0;
  let readBytes = 0;
  let all = false;
  let reservation: Reservation | undefined;
  // At once, and not when the reader comes again, which may be never.
  const stop = () => {
    for (const one of started) one.close(abortError(signal));
    reservation?.release();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const buffers = downloadBufferSizes(length, context.options.readAheadBytes);
    // What is inline is here already.
    if (length > context.options.inlineSize) {
      reservation = await context.downloadBuffers.reserve(buffers.least, buffers.most, signal);
    }
    const readAheadBytes = buffers.windowOf(reservation?.bytes ?? 0);
    while (readBytes < length) {
      while (!all && (started.length === 0 || startedBytes - readBytes < readAheadBytes)) {
        const next = await segments.next();
        if (signal.aborted) throw abortError(signal);
        if (next.done) all = true;
        else {
          startedBytes += next.value.end - next.value.start;
          started.push(new Prefetch(readSegment(download, next.value, readAheadBytes / 2), readAheadBytes / 2));
        }
      }
      const current = started[0];
      if (current === undefined)
        throw new PosternError("corrupt-data", "object has fewer bytes than the satellite says");
      const chunk = await current.next();
      if (chunk === undefined) started.shift();
      else {
        readBytes += chunk.length;
        yield chunk;
      }
    }
  } finally {
    unlink();
    signal.removeEventListener("abort", stop);
    if (readBytes < length) abort.abort(new PosternError("canceled", "download was given up"));
    for (const one of started) one.close();
    reservation?.release();
  }
}

async function downloadSegment(download: Download, segment: WantedSegment, desiredNodes = 0) {
  const { partNumber, index } = segment;
  const value = DownloadSegmentRequest.fromPartial({
    streamId: download.streamId,
    cursorPosition: { partNumber, index },
    desiredNodes,
  });
  const { metainfo } = download.context;
  const [reply] = await metainfo.batch([{ $case: "segmentDownload", value }], "object", { signal: download.signal });
  return reply;
}

async function* readSegment(
  download: Download,
  segment: WantedSegment,
  windowBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { context, first, cipherSuite, signal } = download;
  const { partNumber, index } = segment;
  const isFirst = first !== undefined && first.position?.partNumber === partNumber && first.position.index === index;
  const response = isFirst ? first : await downloadSegment(download, segment);
  const cipher: SegmentCipher = {
    cipherSuite,
    contentKey: decryptKey(response.encryptedKey, cipherSuite, download.pathKey, response.encryptedKeyNonce),
    startingNonce: contentNonce(partNumber, index),
    encryptedBlockSize: download.blockSize,
  };
  if (response.addressedLimits.length === 0) {
    yield openInline(response.encryptedInlineData, cipher).subarray(segment.start, segment.end);
    return;
  }
  const { options } = context;
  const deps = {
    connections: context.connections,
    codec: context.codec,
    speeds: context.speeds,
    windowBytes,
    hedgeMs: options.hedgeMs,
    stallTimeoutMs: options.nodeStallMs,
    signal,
    refresh: () => downloadSegment(download, segment, response.addressedLimits.length),
  };
  yield* new SegmentDownload(deps, response, cipher, segment).read();
}

/** Inline data is one sealed blob, unless its length is that of whole blocks (storj/uplink .../streams/store.go). */
function openInline(data: Uint8Array, cipher: SegmentCipher): Uint8Array {
  const { cipherSuite, contentKey, startingNonce, encryptedBlockSize } = cipher;
  if (encryptedBlockSize === 0 || data.length === 0 || data.length % encryptedBlockSize !== 0) {
    return decrypt(data, cipherSuite, contentKey, startingNonce);
  }
  const blocks = data.length / encryptedBlockSize;
  const plain = new Uint8Array(blocks * plainBlockSize(cipherSuite, encryptedBlockSize));
  decryptBlocks(data, plain, { suite: cipherSuite, key: contentKey, startingNonce, encryptedBlockSize }, 0);
  return plain;
}
