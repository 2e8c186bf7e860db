import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, checksumSize } from "./checksum.js";

/** How a body comes and what must be true of it, read off the headers before any of it is taken. */
export interface PayloadPlan {
  /** Bytes without the aws-chunked coding; undefined when the client does not say. */
  readonly length: number | undefined;
  /** The aws-chunked coding, if the body has it. */
  readonly chunked: { readonly signed: boolean; readonly trailers: boolean } | undefined;
  /** Hexadecimal; undefined when the body's hash is not signed as a whole. */
  readonly sha256: string | undefined;
  /** From Content-MD5. */
  readonly md5: Buffer | undefined;
  /** The checksum that is promised; its value comes in the trailer when undefined. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: Buffer | undefined } | undefined;
}

const streamingKinds: ReadonlyMap<string, { readonly signed: boolean; readonly trailers: boolean }> = new Map([
  ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", { signed: true, trailers: false }],
  ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", { signed: true, trailers: true }],
  ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", { signed: false, trailers: true }],
]);

/**
 * `payloadHash` is the verified value of x-amz-content-sha256. `ofObject` says that x-amz-checksum-* headers are not
 * about the body but about the object that a list of parts becomes.
 */
export function planPayload(headers: RequestHeaders, payloadHash: string, ofObject = false): PayloadPlan {
  const chunked = streamingKinds.get(payloadHash);
  const length =
    chunked === undefined
      ? wholeNumber(headers.get("content-length"), "Content-Length")
      : wholeNumber(headers.get("x-amz-decoded-content-length"), "x-amz-decoded-content-length");
  if (length === undefined && chunked !== undefined) throw new S3Error("MissingContentLength");
  return {
    length,
    chunked,
    sha256: chunked === undefined ? signedHash(payloadHash) : undefined,
    md5: contentMd5(headers),
    checksum: ofObject ? undefined : promisedChecksum(headers, chunked?.trailers === true),
  };
}

function signedHash(payloadHash: string): string | undefined {
  if (payloadHash === "UNSIGNED-PAYLOAD") return undefined;
  if (/^[0-9a-fA-F]{64}$/.test(payloadHash)) return payloadHash.toLowerCase();
  if (payloadHash.startsWith("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")) throw new S3Error("NotImplemented");
  throw new S3Error("InvalidArgument", {
    message:
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
    extra: { ArgumentName: "x-amz-content-sha256", ArgumentValue: payloadHash },
  });
}

function contentMd5(headers: RequestHeaders): Buffer | undefined {
  const text = headers.get("content-md5");
  if (text === undefined) return undefined;
  const md5 = decodeBase64(text, 16);
  if (md5 === undefined) throw new S3Error("InvalidDigest");
  return md5;
}

function promisedChecksum(headers: RequestHeaders, trailers: boolean): PayloadPlan["checksum"] {
  const given = checksumAlgorithms.filter((algorithm) => headers.has(checksumHeader(algorithm)));
  const announced = trailers ? trailerAlgorithms(headers) : [];
  const declared = headers.get("x-amz-sdk-checksum-algorithm")?.toUpperCase();
  if (given.length + announced.length > 1) {
    throw invalid("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  const algorithm = given[0] ?? announced[0];
  if (algorithm === undefined) {
    if (declared === undefined) return undefined;
    throw invalid(
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  if (declared !== undefined && declared !== algorithm) {
    throw invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
  const text = headers.get(checksumHeader(algorithm));
  return { algorithm, value: text === undefined ? undefined : checksumValue(algorithm, text) };
}

function trailerAlgorithms(headers: RequestHeaders): ChecksumAlgorithm[] {
  const names = (headers.get("x-amz-trailer") ?? "").toLowerCase().split(",");
  return checksumAlgorithms.filter((algorithm) => names.some((name) => name.trim() === checksumHeader(algorithm)));
}

/** Decodes the text of a checksum; fails with InvalidRequest. */
export function checksumValue(algorithm: ChecksumAlgorithm, text: string): Buffer {
  const value = decodeBase64(text, checksumSize[algorithm]);
  if (value === undefined) throw invalid(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  return value;
}

function decodeBase64(text: string, size: number): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  // Node skips what is not base64; only the exact text is a value.
  return bytes.length === size && bytes.toString("base64") === text ? bytes : undefined;
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalid(`Value for ${name} header is invalid.`);
  return Number(text);
}

function invalid(message: string): S3Error {
  return new S3Error("InvalidRequest", { message });
}
