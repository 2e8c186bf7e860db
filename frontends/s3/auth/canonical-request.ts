import type { RequestHeaders } from "../headers.js";
import type { RawParameter } from "../query.js";
import { encodeBytes, encodePathBytes } from "../uri.js";

export interface CanonicalInput {
  readonly method: string;
  /** Decoded path, bytes-as-characters. Neither slashes nor dot segments are normalised for S3. */
  readonly path: string;
  /** Decoded parameters, in any order, without the signature itself. */
  readonly parameters: readonly RawParameter[];
  readonly headers: RequestHeaders;
  /** Lower case, as listed by the client. */
  readonly signedHeaders: readonly string[];
  /** The value of x-amz-content-sha256, or UNSIGNED-PAYLOAD. */
  readonly payloadHash: string;
}

/**
 * The canonical request of Signature Version 4, bytes-as-characters.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html#canonical-request
 */
export function canonicalRequest(input: CanonicalInput): string {
  const query = input.parameters
    .map(({ name, value }) => ({ name: encodeBytes(name), value: encodeBytes(value) }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
  let headers = "";
  for (const name of input.signedHeaders) {
    headers += `${name}:${(input.headers.get(name) ?? "").trim().replace(/ {2,}/g, " ")}\n`;
  }
  return [
    input.method,
    encodePathBytes(input.path),
    query,
    headers,
    input.signedHeaders.join(";"),
    input.payloadHash,
  ].join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
