import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import type { Query } from "../query.js";
import type { Access } from "./access-cache.js";
import { canonicalRequest } from "./canonical-request.js";
import { type SignatureClaim, signatureClaim } from "./claim.js";
import { skewMs } from "./clock.js";
import { type ChunkSigner, createChunkSigner, sameSignature, sign, stringToSign } from "./signature.js";
import { type ClaimV2, claimV2 } from "./signature-v2.js";

/** A request whose signature is right. */
export interface Authenticated {
  readonly access: Access;
  /** How the body is protected: a SHA-256, UNSIGNED-PAYLOAD or a STREAMING-… kind. */
  readonly payloadHash: string;
  /** Checks the signatures of a streamed body's chunks. */
  chunkSigner(): ChunkSigner;
}

export interface SignedRequest {
  readonly method: string;
  /** Decoded path, bytes-as-characters. */
  readonly path: string;
  /** As it came, percent-encoded by the client. */
  readonly rawPath: string;
  /** The bucket, if the host name tells it and not the path. */
  readonly hostedBucket: string | undefined;
  readonly query: Query;
  readonly headers: RequestHeaders;
}

/** Whether a request has nothing of a signature. */
export function isAnonymous({ headers, query }: Pick<SignedRequest, "headers" | "query">): boolean {
  return !headers.has("authorization") && !signatureParameters.some((name) => query.has(name));
}

const signatureParameters = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "AWSAccessKeyId", "Signature"];

/**
 * Verifies a request; undefined when it is anonymous. Fails with the S3 error that Amazon gives for what is wrong.
 */
export async function authenticate(
  request: SignedRequest,
  lookUp: (accessKeyId: string) => Promise<Access>,
  now: number,
): Promise<Authenticated | undefined> {
  if (isAnonymous(request)) return undefined;
  const older = claimV2(request, now);
  if (older !== undefined) return authenticateV2(older, request.headers, lookUp);
  const claim = signatureClaim(request.headers, request.query);
  checkTime(claim, now);
  checkSignedHeaders(request.headers, claim.signedHeaders);
  const access = await lookUp(claim.accessKeyId);
  const key = access.signingKey(claim.scope);
  const presigned = claim.expiresSeconds !== undefined;
  const canonical = canonicalRequest({
    method: request.method,
    path: request.path,
    parameters: presigned ? request.query.raw.filter(({ name }) => name !== "X-Amz-Signature") : request.query.raw,
    headers: request.headers,
    signedHeaders: claim.signedHeaders,
    payloadHash: claim.payloadHash,
  });
  const expected = sign(key, stringToSign(claim.timestamp, claim.scope, canonical));
  if (!sameSignature(expected, claim.signature)) throw new S3Error("SignatureDoesNotMatch");
  return {
    access,
    payloadHash: claim.payloadHash,
    chunkSigner: () => createChunkSigner({ key, timestamp: claim.timestamp, scope: claim.scope, seed: expected }),
  };
}

async function authenticateV2(
  claim: ClaimV2,
  headers: RequestHeaders,
  lookUp: (accessKeyId: string) => Promise<Access>,
): Promise<Authenticated> {
  checkSignedHeaders(
    headers,
    headers.names.filter((name) => name.startsWith("x-amz-")),
  );
  const access = await lookUp(claim.accessKeyId);
  const right = [claim.stringToSign, claim.slashedStringToSign].some(
    (text) => text !== undefined && sameSignature(access.signV2(text), claim.signature),
  );
  if (!right) throw new S3Error("SignatureDoesNotMatch");
  return {
    access,
    payloadHash: headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
    chunkSigner: () => {
      throw new S3Error("InvalidRequest", { message: "Signed chunks need AWS4-HMAC-SHA256." });
    },
  };
}

function checkTime(claim: SignatureClaim, now: number): void {
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(now - claim.timeMs) <= skewMs) return;
    throw new S3Error("RequestTimeTooSkewed", {
      extra: {
        RequestTime: claim.timestamp,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: skewMs,
      },
    });
  }
  if (claim.timeMs - now > skewMs) throw new S3Error("AccessDenied", { message: "Request is not valid yet" });
  const end = claim.timeMs + claim.expiresSeconds * 1000;
  if (now < end) return;
  throw new S3Error("AccessDenied", {
    message: "Request has expired",
    extra: {
      "X-Amz-Expires": claim.expiresSeconds,
      Expires: new Date(end).toISOString(),
      ServerTime: new Date(now).toISOString(),
    },
  });
}

/**
 * Every x-amz-* and x-minio-* header that was sent must be signed, or it could have been added on the way. The body's hash is part
 * of what is signed anyway; x-amz-cf-id is added by Amazon's own proxies.
 */
function checkSignedHeaders(headers: RequestHeaders, signed: readonly string[]): void {
  const unsigned = headers.names.filter(
    (name) =>
      (name.startsWith("x-amz-") || name.startsWith("x-minio-")) &&
      name !== "x-amz-content-sha256" &&
      name !== "x-amz-cf-id" &&
      !signed.includes(name),
  );
  if (unsigned.length === 0) return;
  throw new S3Error("AccessDenied", {
    message: "There were headers present in the request which were not signed",
    extra: { HeadersNotSigned: unsigned.join(", ") },
  });
}
