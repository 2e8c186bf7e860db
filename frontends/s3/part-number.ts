import type { ByteRange, ObjectInfo } from "../../core/index.js";
import type { Call } from "./call.js";
import { S3Error } from "./errors.js";
import { etagOf } from "./metadata.js";
import { partNumberOf } from "./parameters.js";
import { parseRange } from "./range.js";

/**
 * The range that a request names, by Range header or partNumber. An object that was stored whole has one part: itself.
 * Where the parts of others begin is not known here. `info` is needed for partNumber only.
 */
export function requestedRange(call: Call, info: ObjectInfo | undefined): ByteRange | undefined {
  const part = call.query.get("partNumber");
  if (part === undefined) return parseRange(call.headers.get("range"));
  if (call.headers.has("range")) {
    throw new S3Error("InvalidRequest", { message: "Cannot specify both Range header and partNumber query parameter" });
  }
  if (/-[1-9]\d*$/.test((info && etagOf(info)) ?? ""))
    throw new S3Error("NotImplemented", { extra: { Header: "partNumber" } });
  if (partNumberOf(part) !== 1) {
    throw new S3Error("InvalidPartNumber", { extra: { PartNumberRequested: part, ActualPartCount: 1 } });
  }
  return info === undefined || info.size === 0 ? undefined : { start: 0 };
}
