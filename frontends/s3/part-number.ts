import type { ByteRange, ObjectInfo } from "../../core/index.js";
import type { Call } from "./call.js";
import { S3Error } from "./errors.js";
import { partNumberOf } from "./parameters.js";
import { parseRange } from "./range.js";
import { findLayout } from "./uploads/find-layout.js";

/** The bytes that a request names, and how many parts the object has when it named one. */
export interface RequestedRange {
  readonly range: ByteRange | undefined;
  readonly partsCount: number | undefined;
  /** Index of the part among the object's parts. */
  readonly partIndex: number | undefined;
}

/**
 * The range that a request names, by Range header or partNumber. An object that was stored whole has one part: itself.
 * `info` is needed for partNumber only.
 */
export async function requestedRange(call: Call, info: ObjectInfo | undefined): Promise<RequestedRange> {
  const text = call.query.get("partNumber");
  if (text === undefined) {
    return { range: parseRange(call.headers.get("range")), partsCount: undefined, partIndex: undefined };
  }
  if (call.headers.has("range")) {
    throw new S3Error("InvalidRequest", { message: "Cannot specify both Range header and partNumber query parameter" });
  }
  const number = partNumberOf(text);
  const layout = info === undefined ? undefined : await findLayout(call.project, call.bucket, info, call.signal);
  if (layout === undefined) return wholeAsPart(info, number);
  const index = layout.findIndex(({ partNumber }) => partNumber === number);
  if (index < 0) throw unsatisfiable(text, layout.length);
  const start = layout.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  const { size } = layout[index]!;
  return { range: size === 0 ? undefined : { start, end: start + size }, partsCount: layout.length, partIndex: index };
}

function wholeAsPart(info: ObjectInfo | undefined, number: number): RequestedRange {
  if (number !== 1) throw unsatisfiable(String(number), 1);
  const empty = info === undefined || info.size === 0;
  return { range: empty ? undefined : { start: 0 }, partsCount: undefined, partIndex: undefined };
}

function unsatisfiable(part: string, count: number): S3Error {
  return new S3Error("InvalidPartNumber", { extra: { PartNumberRequested: part, ActualPartCount: count } });
}
