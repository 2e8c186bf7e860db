import { type ByteRange, isPosternError, type ObjectDownload, type ObjectInfo } from "../../../core/index.js";
import { type Call, keyOf, type Operation } from "../call.js";
import { evaluateConditions, rangeCounts, type Validators } from "../conditions.js";
import { cipherOf } from "../encryption/customer-cipher.js";
import { customerKey } from "../encryption/requested.js";
import { S3Error } from "../errors.js";
import { etagOf } from "../metadata.js";
import { objectHeaders, overrideHeaders } from "../object-headers.js";
import { type RequestedRange, requestedRange } from "../part-number.js";
import type { Reply } from "../reply.js";
import { findLayout } from "../uploads/find-layout.js";
import { missingObject, requestedVersion } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: Operation = {
  name: "GetObject",
  async run(call) {
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const overrides = overrideHeaders(call);
    const requested = await wantedRange(call, version);
    const { range } = requested;
    const download = await open(call, range, version).catch((error: unknown) => missingObject(call, key, error));
    try {
      const { info } = download;
      const refusal = refusalOf(call, download.info);
      if (refusal !== undefined) {
        download.close();
        return refusal;
      }
      const headers = { ...objectHeaders(call, info, requested), ...overrides };
      const cipher = cipherOf(info.custom, customerKey(call.headers));
      const layout = cipher && (await findLayout(call.project, call.bucket, info, call.signal));
      const stream = cipher?.decrypt(download.body, download.offset, layout) ?? download.body;
      return { ...replyOf(download, range, headers), body: { stream, close: () => download.close() } };
    } catch (error) {
      download.close();
      throw error;
    }
  },
};

/** The Range header, as far as it counts. If-Range needs the object's validators first. */
async function wantedRange(call: Call, version: Uint8Array | undefined): Promise<RequestedRange> {
  if (!call.headers.has("if-range") && !call.query.has("partNumber")) return await requestedRange(call, undefined);
  const info = await call.project.headObject(call.bucket, keyOf(call), { version, signal: call.signal });
  return rangeCounts(call.headers, validatorsOf(info)) ? await requestedRange(call, info) : noRange;
}

const noRange: RequestedRange = { range: undefined, partsCount: undefined, partIndex: undefined };

async function open(
  call: Call,
  range: ByteRange | undefined,
  version: Uint8Array | undefined,
): Promise<ObjectDownload> {
  try {
    return await call.project.getObject(call.bucket, keyOf(call), { range, version, signal: call.signal });
  } catch (error) {
    if (range === undefined || !isPosternError(error, "range-not-satisfiable")) throw error;
    // Conditions come first, and the reply tells the size.
    const info = await call.project.headObject(call.bucket, keyOf(call), { version, signal: call.signal });
    refusalOf(call, info);
    throw rangeError(call, info.size, error);
  }
}

export function rangeError(call: Call, size: number, cause?: unknown): S3Error {
  return new S3Error("InvalidRange", {
    extra: { RangeRequested: call.headers.get("range") ?? "", ActualObjectSize: size },
    headers: { "Content-Range": `bytes */${size}` },
    cause,
  });
}

function replyOf(download: ObjectDownload, range: ByteRange | undefined, about: Record<string, string>): Reply {
  const { info, offset, length } = download;
  const headers: Record<string, string> = { ...about, "Content-Length": String(length) };
  if (range === undefined) return { status: 200, headers };
  headers["Content-Range"] = `bytes ${offset}-${offset + length - 1}/${info.size}`;
  return { status: 206, headers };
}

/** The 304 that a condition calls for; fails with 412 where one calls for that. */
export function refusalOf(call: Call, info: ObjectInfo): Reply | undefined {
  const verdict = evaluateConditions(call.headers, validatorsOf(info));
  if (verdict === "go-on") return undefined;
  if (verdict === "failed") throw new S3Error("PreconditionFailed");
  // Clients check the checksum of any body, also of the one that a 304 does not have.
  const about = Object.entries(objectHeaders(call, info));
  const told = about.filter(([name]) => name !== "Content-Type" && !name.startsWith("x-amz-checksum-"));
  return { status: 304, headers: Object.fromEntries(told) };
}

export function validatorsOf(info: ObjectInfo): Validators {
  return { etag: etagOf(info), modifiedAt: info.createdAt };
}
