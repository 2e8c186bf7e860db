import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** SHA-256 of nothing, in hexadecimal. */
export const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export interface Scope {
  /** "20130524" */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export function scopeText(scope: Scope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#derive-signing-key */
export function signingKey(secret: string, scope: Scope): Buffer {
  const date = hmac(`AWS4${secret}`, scope.date);
  return hmac(hmac(hmac(date, scope.region), scope.service), "aws4_request");
}

export function stringToSign(timestamp: string, scope: Scope, canonicalRequest: string): string {
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scopeText(scope)}\n${sha256Hex(canonicalRequest)}`;
}

export function sign(key: Uint8Array, text: string): string {
  return createHmac("sha256", key).update(text, "latin1").digest("hex");
}

/** Compares two signatures in hexadecimal in constant time (their length is no secret). */
export function sameSignature(a: string, b: string): boolean {
  const left = Buffer.from(a, "latin1");
  const right = Buffer.from(b, "latin1");
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Signatures of the chunks of a body, each over the one before, starting from the request's own.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export interface ChunkSigner {
  /** Takes the hexadecimal SHA-256 of a chunk's data; true when its signature is right. */
  checkChunk(dataHash: string, signature: string): boolean;
  /** Takes the trailer in canonical form, one "name:value\n" a line. */
  checkTrailer(trailer: string, signature: string): boolean;
}

export function createChunkSigner(init: {
  key: Uint8Array;
  timestamp: string;
  scope: Scope;
  seed: string;
}): ChunkSigner {
  const head = (kind: string) => `${kind}\n${init.timestamp}\n${scopeText(init.scope)}\n`;
  const chunkHead = head("AWS4-HMAC-SHA256-PAYLOAD");
  const trailerHead = head("AWS4-HMAC-SHA256-TRAILER");
  let previous = init.seed;
  const check = (text: string, signature: string): boolean => {
    const expected = sign(init.key, text);
    previous = expected;
    return sameSignature(expected, signature);
  };
  return {
    checkChunk: (dataHash, signature) => check(`${chunkHead}${previous}\n${emptySha256}\n${dataHash}`, signature),
    checkTrailer: (trailer, signature) => check(`${trailerHead}${previous}\n${sha256Hex(trailer)}`, signature),
  };
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function sha256Hex(latin1: string): string {
  return createHash("sha256").update(latin1, "latin1").digest("hex");
}
