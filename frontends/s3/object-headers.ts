import type { ObjectInfo } from "../../core/index.js";
import type { Call } from "./call.js";
import { checksumOf, checksumReplyHeaders, wantsChecksum } from "./checksums/object-checksum.js";
import { partChecksumsOf } from "./checksums/part-checksums.js";
import { cipherOf } from "./encryption/customer-cipher.js";
import { customerKey, encryptionHeaders } from "./encryption/requested.js";
import { S3Error } from "./errors.js";
import { expiryHeaders } from "./lifecycle-expiry.js";
import { etagOf, headersOfMetadata, tagsKey } from "./metadata.js";
import { lockHeaders } from "./object-lock.js";
import type { RequestedRange } from "./part-number.js";
import { checksumSize } from "./payload/checksum.js";
import { tagsOfText } from "./tagging.js";
import { bytesOfText } from "./uri.js";
import { versionHeaders } from "./version-id.js";

/** Reply headers about an object; without its length. Fails when the customer's key is missing or wrong. */
export function objectHeaders(call: Call, info: ObjectInfo, requested?: RequestedRange): Record<string, string> {
  if (call.headers.has("x-amz-server-side-encryption")) {
    // It says how to store something; Amazon refuses it where nothing is stored.
    throw new S3Error("InvalidArgument", {
      message: "x-amz-server-side-encryption header is not supported for this operation.",
      extra: { ArgumentName: "x-amz-server-side-encryption" },
    });
  }
  const customer = customerKey(call.headers);
  cipherOf(info.custom, customer);
  const tags = new Map(tagsOfText(info.custom[tagsKey] ?? "").map(({ key, value }) => [key, value]));
  const headers: Record<string, string> = {
    ...headersOfMetadata(info.custom),
    ...encryptionHeaders(customer),
    ...versionHeaders(info),
    ...lockHeaders(info),
    ...expiryHeaders(call.access.settings.section("lifecycle"), { ...info, tags }, call.options.lifecycleDayMs),
  };
  if (requested?.partsCount !== undefined) headers["x-amz-mp-parts-count"] = String(requested.partsCount);
  if (wantsChecksum(call.headers)) Object.assign(headers, checksumHeadersOf(call, info, requested));
  headers["Last-Modified"] = info.createdAt.toUTCString();
  headers["ETag"] = `"${etagOf(info)}"`;
  headers["Accept-Ranges"] = "bytes";
  return headers;
}

/** The object's checksum, or that of the part that was asked for; none for a range, which it would not fit. */
function checksumHeadersOf(
  call: Call,
  info: ObjectInfo,
  requested: RequestedRange | undefined,
): Record<string, string> {
  const checksum = checksumOf(info);
  if (checksum === undefined || call.headers.has("range")) return {};
  if (requested?.partIndex === undefined) return checksumReplyHeaders(checksum);
  const value = partChecksumsOf(info.custom, checksumSize[checksum.algorithm])[requested.partIndex];
  return value === undefined ? {} : checksumReplyHeaders({ ...checksum, value });
}

const overridable: Readonly<Record<string, string>> = {
  "response-cache-control": "Cache-Control",
  "response-content-disposition": "Content-Disposition",
  "response-content-encoding": "Content-Encoding",
  "response-content-language": "Content-Language",
  "response-content-type": "Content-Type",
  "response-expires": "Expires",
};

/** The response-* parameters: part of the signed query, so the signer's will. Strangers have none. */
export function overrideHeaders({ query, caller }: Call): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [parameter, header] of Object.entries(overridable)) {
    const value = query.get(parameter);
    if (value === undefined) continue;
    if (caller.kind === "anonymous") {
      throw new S3Error("InvalidRequest", {
        message: "Request specific response headers cannot be used for anonymous GET requests.",
      });
    }
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new S3Error("InvalidArgument", { extra: { ArgumentName: parameter } });
    }
    headers[header] = bytesOfText(value);
  }
  return headers;
}
