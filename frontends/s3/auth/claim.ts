import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import type { Query } from "../query.js";
import type { Scope } from "./signature.js";
import { amzDate, parseAmzDate, parseHttpDate } from "./time.js";

/** What a request says about its own signature. Nothing of it is verified yet. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  readonly scope: Scope;
  /** Lower case, in the client's order. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** "20130524T000000Z" */
  readonly timestamp: string;
  readonly timeMs: number;
  /** How long a presigned URL is good for; undefined when the Authorization header was used. */
  readonly expiresSeconds: number | undefined;
  /** How the body is protected: a SHA-256, UNSIGNED-PAYLOAD or a STREAMING-… kind. */
  readonly payloadHash: string;
}

const algorithm = "AWS4-HMAC-SHA256";
const weekSeconds = 604_800;

/** Finds the claim in header or query. Anonymous requests are denied; other schemes are refused by name. */
export function signatureClaim(headers: RequestHeaders, query: Query): SignatureClaim {
  const authorization = headers.get("authorization");
  const presigned = query.has("X-Amz-Algorithm") || query.has("X-Amz-Credential") || query.has("X-Amz-Signature");
  if (authorization !== undefined && presigned) {
    throw new S3Error("InvalidArgument", {
      message:
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter " +
        "or the Authorization header should be specified",
    });
  }
  if (authorization !== undefined) return headerClaim(authorization, headers);
  if (presigned) return queryClaim(headers, query);
  if (query.has("AWSAccessKeyId") || query.has("Signature")) throw otherMechanism();
  throw new S3Error("AccessDenied");
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html */
function headerClaim(authorization: string, headers: RequestHeaders): SignatureClaim {
  const space = authorization.indexOf(" ");
  if (space < 0 || authorization.slice(0, space) !== algorithm) throw otherMechanism();
  const fields = new Map<string, string>();
  for (const piece of authorization.slice(space + 1).split(",", 8)) {
    const equals = piece.indexOf("=");
    if (equals > 0) fields.set(piece.slice(0, equals).trim(), piece.slice(equals + 1).trim());
  }
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined || value === "") throw malformedHeader(`${name} is missing.`);
    return value;
  };
  const { accessKeyId, scope } = parseCredential(field("Credential"), malformedHeader);
  const signedHeaders = parseSignedHeaders(field("SignedHeaders"), malformedHeader);
  const signature = field("Signature");
  const { timestamp, timeMs } = requestTime(headers);
  if (!timestamp.startsWith(scope.date)) throw malformedHeader("the credential's date is not that of the request.");
  const payloadHash = headers.get("x-amz-content-sha256");
  if (payloadHash === undefined) {
    throw new S3Error("InvalidRequest", {
      message: "Missing required header for this request: x-amz-content-sha256",
    });
  }
  return { accessKeyId, scope, signedHeaders, signature, timestamp, timeMs, expiresSeconds: undefined, payloadHash };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
function queryClaim(headers: RequestHeaders, query: Query): SignatureClaim {
  const field = (name: string): string => {
    const value = query.get(name);
    if (value === undefined || value === "") {
      throw malformedQuery(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, " +
          "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
      );
    }
    return value;
  };
  if (field("X-Amz-Algorithm") !== algorithm) {
    throw malformedQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  }
  const { accessKeyId, scope } = parseCredential(field("X-Amz-Credential"), malformedQuery);
  const signedHeaders = parseSignedHeaders(field("X-Amz-SignedHeaders"), malformedQuery);
  const signature = field("X-Amz-Signature");
  const timestamp = field("X-Amz-Date");
  const timeMs = parseAmzDate(timestamp);
  if (timeMs === undefined) {
    throw malformedQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  if (!timestamp.startsWith(scope.date)) throw malformedQuery("the credential's date is not that of X-Amz-Date.");
  const expires = field("X-Amz-Expires");
  if (!/^-?\d{1,15}$/.test(expires)) throw malformedQuery("X-Amz-Expires should be a number");
  const expiresSeconds = Number(expires);
  if (expiresSeconds < 0) throw malformedQuery("X-Amz-Expires must be non-negative");
  if (expiresSeconds > weekSeconds) {
    throw malformedQuery("X-Amz-Expires must be less than a week (in seconds); that is, less than 604800 seconds");
  }
  const payloadHash =
    query.get("X-Amz-Content-Sha256") ??
    (signedHeaders.includes("x-amz-content-sha256") ? headers.get("x-amz-content-sha256") : undefined) ??
    "UNSIGNED-PAYLOAD";
  return { accessKeyId, scope, signedHeaders, signature, timestamp, timeMs, expiresSeconds, payloadHash };
}

/** The credential of a form. Fails with InvalidArgument. */
export function formScope(credential: string): { accessKeyId: string; scope: Scope } {
  return parseCredential(credential, (message) => new S3Error("InvalidArgument", { message }));
}

type Complain = (what: string) => S3Error;

function parseCredential(text: string, complain: Complain): { accessKeyId: string; scope: Scope } {
  const pieces = text.split("/");
  const [date, region, service, terminator] = pieces.slice(-4);
  const accessKeyId = pieces.slice(0, -4).join("/");
  if (accessKeyId === "" || date === undefined || region === undefined || service === undefined) {
    throw complain('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".');
  }
  if (!/^\d{8}$/.test(date)) throw complain("the credential's date must be in the format yyyyMMdd.");
  if (service !== "s3") throw complain('incorrect service. This endpoint belongs to "s3".');
  if (terminator !== "aws4_request") throw complain('the Credential must end with "aws4_request".');
  return { accessKeyId, scope: { date, region, service } };
}

function parseSignedHeaders(text: string, complain: Complain): string[] {
  const names = text.toLowerCase().split(";");
  if (names.length > 128 || !names.includes("host")) throw complain("SignedHeaders must include host.");
  return names;
}

function requestTime(headers: RequestHeaders): { timestamp: string; timeMs: number } {
  const amz = headers.get("x-amz-date");
  const date = headers.get("date");
  const text = amz ?? date;
  const timeMs = text === undefined ? undefined : (parseAmzDate(text) ?? (amz ? undefined : parseHttpDate(text)));
  if (timeMs === undefined) {
    throw new S3Error("AccessDenied", {
      message: "AWS authentication requires a valid Date or x-amz-date header",
    });
  }
  return { timestamp: amzDate(timeMs), timeMs };
}

function malformedHeader(what: string): S3Error {
  return new S3Error("AuthorizationHeaderMalformed", { message: `The authorization header is malformed; ${what}` });
}

function malformedQuery(what: string): S3Error {
  return new S3Error("AuthorizationQueryParametersError", { message: what });
}

function otherMechanism(): S3Error {
  return new S3Error("InvalidRequest", {
    message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
  });
}
