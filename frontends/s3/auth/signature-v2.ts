import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import type { Query } from "../query.js";
import { skewMs } from "./clock.js";
import { parseAmzDate, parseHttpDate } from "./time.js";

/**
 * Signature Version 2, which clients still use for presigned URLs by default (boto3 does) and Storj's gateways take.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
export interface ClaimV2 {
  readonly accessKeyId: string;
  /** Base64 of an HMAC-SHA1. */
  readonly signature: string;
  readonly stringToSign: string;
  /** The same with a slash after a bare bucket, as botocore signs it. */
  readonly slashedStringToSign: string | undefined;
}

export interface RequestV2 {
  readonly method: string;
  /** As it came, percent-encoded by the client. */
  readonly rawPath: string;
  /** The bucket, if the host name tells it and not the path. */
  readonly hostedBucket: string | undefined;
  readonly query: Query;
  readonly headers: RequestHeaders;
}

/** Parameters that are part of the resource; all others are not signed. */
const signedParameters = new Set([
  ..."accelerate acl analytics cors defaultObjectAcl delete encryption inventory lifecycle location logging metrics".split(
    " ",
  ),
  ..."notification object-lock partNumber policy publicAccessBlock replication requestPayment restore retention".split(
    " ",
  ),
  ..."legal-hold select select-type tagging torrent uploadId uploads versionId versioning versions website".split(" "),
  ..."response-cache-control response-content-disposition response-content-encoding response-content-language".split(
    " ",
  ),
  ..."response-content-type response-expires".split(" "),
]);

/** What a request says about its Version 2 signature; undefined when it has none. Checks its time. */
export function claimV2(request: RequestV2, now: number): ClaimV2 | undefined {
  const { headers, query } = request;
  const authorization = headers.get("authorization");
  const match = /^AWS ([^:\s]+):([A-Za-z0-9+/=]+)$/.exec(authorization ?? "");
  if (match !== null) {
    checkDate(headers, now);
    // With x-amz-date, which is among the amz headers, the date's own line is empty.
    const date = headers.has("x-amz-date") ? "" : (headers.get("date") ?? "");
    return { accessKeyId: match[1]!, signature: match[2]!, ...stringsToSign(request, date) };
  }
  const accessKeyId = query.get("AWSAccessKeyId");
  const signature = query.get("Signature");
  const expires = query.get("Expires");
  if (authorization !== undefined || accessKeyId === undefined || signature === undefined) return undefined;
  if (expires === undefined || !/^\d{1,12}$/.test(expires)) {
    throw new S3Error("AccessDenied", { message: "Invalid date (should be seconds since epoch)" });
  }
  if (Number(expires) * 1000 <= now) throw new S3Error("AccessDenied", { message: "Request has expired" });
  return { accessKeyId, signature, ...stringsToSign(request, expires) };
}

function checkDate(headers: RequestHeaders, now: number): void {
  const text = headers.get("x-amz-date") ?? headers.get("date");
  const time = text === undefined ? undefined : (parseHttpDate(text) ?? parseAmzDate(text));
  if (time === undefined) {
    throw new S3Error("AccessDenied", { message: "AWS authentication requires a valid Date or x-amz-date header" });
  }
  if (Math.abs(now - time) > skewMs) throw new S3Error("RequestTimeTooSkewed");
}

function stringsToSign(request: RequestV2, date: string): Pick<ClaimV2, "stringToSign" | "slashedStringToSign"> {
  const bare = /^\/[^/]+$/.test(request.rawPath) && request.hostedBucket === undefined;
  const slashed = bare ? stringToSign({ ...request, rawPath: `${request.rawPath}/` }, date) : undefined;
  return { stringToSign: stringToSign(request, date), slashedStringToSign: slashed };
}

function stringToSign({ method, rawPath, hostedBucket, query, headers }: RequestV2, date: string): string {
  const amz = headers.names
    .filter((name) => name.startsWith("x-amz-"))
    .sort()
    .map((name) => `${name}:${headers.get(name)}\n`)
    .join("");
  const parameters = query.raw
    .filter(({ name }) => signedParameters.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => (value === "" ? name : `${name}=${value}`))
    .join("&");
  const resource = `${hostedBucket === undefined ? "" : `/${hostedBucket}`}${rawPath}`;
  return [
    method,
    headers.get("content-md5") ?? "",
    headers.get("content-type") ?? "",
    date,
    `${amz}${resource}${parameters === "" ? "" : `?${parameters}`}`,
  ].join("\n");
}
