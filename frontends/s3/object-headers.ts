import type { ObjectInfo } from "../../core/index.js";
import { S3Error } from "./errors.js";
import { etagOf, headersOfMetadata } from "./metadata.js";
import type { Query } from "./query.js";
import { bytesOfText } from "./uri.js";

/** Reply headers about an object; without its length. */
export function objectHeaders(info: ObjectInfo): Record<string, string> {
  const headers = headersOfMetadata(info.custom);
  headers["Last-Modified"] = info.createdAt.toUTCString();
  headers["ETag"] = `"${etagOf(info)}"`;
  headers["Accept-Ranges"] = "bytes";
  return headers;
}

const overridable: Readonly<Record<string, string>> = {
  "response-cache-control": "Cache-Control",
  "response-content-disposition": "Content-Disposition",
  "response-content-encoding": "Content-Encoding",
  "response-content-language": "Content-Language",
  "response-content-type": "Content-Type",
  "response-expires": "Expires",
};

/** The response-* parameters: part of the signed query, so the signer's will. */
export function overrideHeaders(query: Query): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [parameter, header] of Object.entries(overridable)) {
    const value = query.get(parameter);
    if (value === undefined) continue;
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new S3Error("InvalidArgument", { extra: { ArgumentName: parameter } });
    }
    headers[header] = bytesOfText(value);
  }
  return headers;
}
