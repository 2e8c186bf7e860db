import { type ByteRange, isPosternError, type ObjectDownload, type ObjectInfo } from "../../../core/index.js";
import { LinkError } from "../errors.js";
import type { Reply, StreamBody } from "../reply.js";
import { baseName, bytesOf, textOf, toBytes } from "../uri.js";
import type { View } from "../view.js";
import { byteRanges, contentRange } from "./byteranges.js";
import { contentHeaders, contentTypeOf, etagOf } from "./content-headers.js";
import { evaluatePreconditions, rangeCounts } from "./preconditions.js";
import { parseRanges, type Span } from "./ranges.js";

/** The bytes of an object, or of some ranges of it. Rejects with `object-not-found` and all else that reading can. */
export async function deliverObject(view: View, key: string): Promise<Reply> {
  const opened = await open(view, key);
  try {
    const { reply, usesOpened } = replyOf(view, key, opened);
    if (!usesOpened) opened.download?.close();
    return reply;
  } catch (error) {
    opened.download?.close();
    throw error;
  }
}

/** An object about to be sent: with the range that was asked for, where one call could do it. */
interface Opened {
  readonly info: ObjectInfo;
  readonly download: ObjectDownload | undefined;
}

/**
 * Costs one call to the satellite, but for several ranges, those beyond the end, and requests on condition: mostly their
 * sender has what is there, and a look at the object costs less than to begin a download.
 */
async function open(view: View, key: string): Promise<Opened> {
  const { project, bucket, request, signal } = view;
  const range = request.header("range");
  const onCondition = conditions.some((name) => request.header(name) !== undefined);
  const predicted = onCondition ? undefined : range === undefined ? "whole" : predict(range);
  if (request.method !== "HEAD" && predicted !== undefined) {
    try {
      const wanted = predicted === "whole" ? undefined : predicted;
      const download = await project.getObject(bucket, toBytes(key), { range: wanted, signal });
      return { info: download.info, download };
    } catch (error) {
      if (!isPosternError(error, "range-not-satisfiable")) throw error;
    }
  }
  return { info: await project.headObject(bucket, toBytes(key), { signal }), download: undefined };
}

const conditions = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since", "if-range"];

/** A single range can be asked for before the size is known. */
function predict(range: string): ByteRange | undefined {
  const match = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/.exec(range);
  if (match === null) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (first === "") return last === "" || Number(last) === 0 ? undefined : { suffix: Number(last) };
  if (last === "") return { start: Number(first) };
  return Number(last) < Number(first) ? undefined : { start: Number(first), end: Number(last) + 1 };
}

function replyOf(view: View, key: string, opened: Opened): { reply: Reply; usesOpened: boolean } {
  const { request, wishes } = view;
  const { info } = opened;
  const fileName = textOf(baseName(bytesOf(info.keyBytes)));
  const type = contentTypeOf(fileName, info.custom, request);
  const validators = { etag: etagOf(info), modified: info.createdAt };
  const headers: Record<string, string> = {
    ...contentHeaders({ type, fileName, custom: info.custom }, wishes.download, view.content),
    "Last-Modified": info.createdAt.toUTCString(),
    ETag: validators.etag,
  };
  const without = (reply: Reply) => ({ reply, usesOpened: false });
  const verdict = evaluatePreconditions(request, validators);
  if (verdict === "failed") return without({ status: 412, headers: validatorHeaders(headers), body: "" });
  if (verdict === "not-modified") return without({ status: 304, headers: validatorHeaders(headers) });
  if (info.size === 0) return without({ status: 200, headers, body: "" });

  const ranges = rangeCounts(request, validators) ? parseRanges(request.header("range"), info.size) : allOfIt;
  if (ranges.kind === "unsatisfiable") {
    throw new LinkError(416, "The requested range is not in the object.", {
      headers: { "Content-Range": `bytes */${info.size}`, "Accept-Ranges": "bytes" },
    });
  }
  headers["Accept-Ranges"] = "bytes";
  if (ranges.kind === "spans" && ranges.spans.length > 1) {
    const parts = byteRanges(ranges.spans, headers["Content-Type"]!, info.size);
    headers["Content-Type"] = parts.contentType;
    headers["Content-Length"] = String(parts.length);
    const stream = parts.stream((span) => read(view, key, info, span));
    return without({ status: 206, headers, body: { stream, close: () => {} } });
  }
  const span = ranges.kind === "spans" ? ranges.spans[0]! : { offset: 0, length: info.size };
  if (ranges.kind === "spans") headers["Content-Range"] = contentRange(span, info.size);
  headers["Content-Length"] = String(span.length);
  const { download } = opened;
  const fits = download !== undefined && download.offset === span.offset && download.length === span.length;
  const body: StreamBody = fits
    ? { stream: download.body, close: () => download.close() }
    : { stream: read(view, key, info, span), close: () => {} };
  return { reply: { status: ranges.kind === "spans" ? 206 : 200, headers, body }, usesOpened: fits };
}

const allOfIt = { kind: "whole" } as const;

function validatorHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => /^(?:ETag|Last-Modified|Cache-Control)$/.test(name));
  return Object.fromEntries(kept);
}

/** Bytes of the version that the headers tell of, which may be replaced meanwhile. */
export async function* read(view: View, key: string, info: ObjectInfo, span: Span): AsyncGenerator<Uint8Array> {
  const { project, bucket, signal } = view;
  const range = { start: span.offset, end: span.offset + span.length };
  const version = info.version.length === 16 ? info.version : undefined;
  const download = await project.getObject(bucket, toBytes(key), { range, version, signal });
  try {
    yield* download.body;
  } finally {
    download.close();
  }
}
