import { keyOf, type Operation } from "../call.js";
import { rangeCounts } from "../conditions.js";
import { objectHeaders, overrideHeaders } from "../object-headers.js";
import { requestedRange } from "../part-number.js";
import { resolveRange } from "../range.js";
import { missingObject, requestedVersion } from "../version-id.js";
import { rangeError, refusalOf, validatorsOf } from "./get-object.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: Operation = {
  name: "HeadObject",
  async run(call) {
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const overrides = overrideHeaders(call);
    const info = await call.project
      .headObject(call.bucket, key, { version, signal: call.signal })
      .catch((error: unknown) => missingObject(call, key, error));
    const refusal = refusalOf(call, info);
    if (refusal !== undefined) return refusal;
    const requested = rangeCounts(call.headers, validatorsOf(info)) ? await requestedRange(call, info) : undefined;
    const headers: Record<string, string> = { ...objectHeaders(call, info, requested), ...overrides };
    const range = requested?.range;
    if (range === undefined) return { status: 200, headers: { ...headers, "Content-Length": String(info.size) } };
    const part = resolveRange(range, info.size);
    if (part === undefined) throw rangeError(call, info.size);
    headers["Content-Length"] = String(part.length);
    headers["Content-Range"] = `bytes ${part.offset}-${part.offset + part.length - 1}/${info.size}`;
    return { status: 206, headers };
  },
};
