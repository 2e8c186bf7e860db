import { createHmac } from "node:crypto";
import test from "ava";
import { authenticate } from "../../../../frontends/s3/auth/authenticate.js";
import { signingKey } from "../../../../frontends/s3/auth/signature.js";
import { S3Error } from "../../../../frontends/s3/errors.js";
import { requestHeaders } from "../../../../frontends/s3/headers.js";
import { parseQuery } from "../../../../frontends/s3/query.js";

/** The GET example of the S3 API reference. */
const now = Date.UTC(2013, 4, 24);
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
const authorization =
  "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
  `SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=${signature}`;
const good: Record<string, string> = {
  Host: "examplebucket.s3.amazonaws.com",
  Range: "bytes=0-9",
  "x-amz-date": "20130524T000000Z",
  "x-amz-content-sha256": empty,
  Authorization: authorization,
};

const presigned =
  "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
  "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
  "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

async function lookUp(accessKeyId: string) {
  if (accessKeyId !== "AKIAIOSFODNN7EXAMPLE") throw new S3Error("InvalidAccessKeyId");
  return {
    accessGrant: "grant",
    project: "project",
    signingKey: (scope: Parameters<typeof signingKey>[1]) => signingKey(secret, scope),
    signV2: (text: string) => createHmac("sha1", secret).update(text, "latin1").digest("base64"),
  };
}

interface Change {
  headers?: Record<string, string | undefined>;
  query?: string;
  path?: string;
  method?: string;
  at?: number;
  hostedBucket?: string;
}

/** The S3 code that a request is refused with, or "ok". */
async function outcome(change: Change, base: Record<string, string> = good): Promise<string> {
  const merged = Object.entries({ ...base, ...change.headers }).filter(([, value]) => value !== undefined);
  const request = {
    method: change.method ?? "GET",
    path: change.path ?? "/test.txt",
    rawPath: change.path ?? "/test.txt",
    hostedBucket: change.hostedBucket,
    query: parseQuery(change.query ?? "")!,
    headers: requestHeaders(merged.flat() as string[]),
  };
  try {
    return (await authenticate(request, lookUp, change.at ?? now)) === undefined ? "anonymous" : "ok";
  } catch (error) {
    if (error instanceof S3Error) return `${error.code} ${error.status}`;
    throw error;
  }
}

test("takes a signed request, whatever the order of its headers", async (t) => {
  t.is(await outcome({}), "ok");
  t.is(await outcome({}, Object.fromEntries(Object.entries(good).reverse())), "ok");
});

test("refuses anything that was changed", async (t) => {
  const refused = "SignatureDoesNotMatch 403";
  t.is(await outcome({ method: "PUT" }), refused);
  t.is(await outcome({ path: "/test.txu" }), refused);
  t.is(await outcome({ path: "//test.txt" }), refused);
  t.is(await outcome({ query: "versionId=1" }), refused);
  t.is(await outcome({ headers: { Range: "bytes=0-10" } }), refused);
  t.is(await outcome({ headers: { Range: undefined } }), refused);
  t.is(await outcome({ headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } }), refused);
  t.is(await outcome({ headers: { "x-amz-date": "20130524T000001Z" } }), refused);
  t.is(await outcome({ headers: { Authorization: authorization.replace(/.$/, "2") } }), refused);
  t.is(await outcome({ headers: { Authorization: authorization.slice(0, -1) } }), refused);
  t.is(await outcome({ headers: { "x-amz-meta-added": "1" } }), "AccessDenied 403");
});

test("names what is wrong with the Authorization header", async (t) => {
  const withAuthorization = (text: string) => outcome({ headers: { Authorization: text } });
  t.is(await outcome({ headers: { Authorization: undefined } }), "anonymous");
  t.is(await withAuthorization("AWS AKIAIOSFODNN7EXAMPLE"), "InvalidRequest 400");
  t.is(await withAuthorization("Bearer x"), "InvalidRequest 400");
  t.is(await withAuthorization("AWS4-HMAC-SHA256 x"), "AuthorizationHeaderMalformed 400");
  t.is(await withAuthorization(authorization.replace("/s3/", "/ec2/")), "AuthorizationHeaderMalformed 400");
  t.is(await withAuthorization(authorization.replace("20130524", "20130523")), "AuthorizationHeaderMalformed 400");
  t.is(await withAuthorization(authorization.replace("host;", "")), "AuthorizationHeaderMalformed 400");
  t.is(await withAuthorization(authorization.replace("AKIA", "AKIB")), "InvalidAccessKeyId 403");
  t.is(await outcome({ headers: { "x-amz-date": undefined } }), "AccessDenied 403");
  t.is(await outcome({ headers: { "x-amz-date": "yesterday" } }), "AccessDenied 403");
  t.is(await outcome({ headers: { "x-amz-content-sha256": undefined } }), "InvalidRequest 400");
  t.is(await outcome({ query: presigned }), "InvalidArgument 400");
});

test("takes clocks that are 15 minutes apart and no more", async (t) => {
  const quarter = 15 * 60_000;
  t.is(await outcome({ at: now + quarter }), "ok");
  t.is(await outcome({ at: now - quarter }), "ok");
  t.is(await outcome({ at: now + quarter + 1000 }), "RequestTimeTooSkewed 403");
  t.is(await outcome({ at: now - quarter - 1000 }), "RequestTimeTooSkewed 403");
});

test("takes a presigned URL until it expires", async (t) => {
  const host = { Host: "examplebucket.s3.amazonaws.com" };
  const day = 86_400_000;
  t.is(await outcome({ query: presigned }, host), "ok");
  t.is(await outcome({ query: presigned, at: now + day - 1 }, host), "ok");
  t.is(await outcome({ query: presigned, at: now + day }, host), "AccessDenied 403");
  t.is(await outcome({ query: presigned, at: now - 16 * 60_000 }, host), "AccessDenied 403");
  t.is(await outcome({ query: presigned.replace("=86400", "=86401") }, host), "SignatureDoesNotMatch 403");
  t.is(await outcome({ query: `${presigned}&response-content-type=text/html` }, host), "SignatureDoesNotMatch 403");
  t.is(await outcome({ query: presigned, method: "PUT" }, host), "SignatureDoesNotMatch 403");
  t.is(await outcome({ query: presigned }, { ...host, "x-amz-acl": "private" }), "AccessDenied 403");
});

test("names what is wrong with presigned parameters", async (t) => {
  const host = { Host: "examplebucket.s3.amazonaws.com" };
  const malformed = "AuthorizationQueryParametersError 400";
  const withQuery = (from: string, to: string) => outcome({ query: presigned.replace(from, to) }, host);
  t.is(await withQuery("X-Amz-Expires=86400", "X-Amz-Expires=604801"), malformed);
  t.is(await withQuery("X-Amz-Expires=86400", "X-Amz-Expires=-1"), malformed);
  t.is(await withQuery("X-Amz-Expires=86400", "X-Amz-Expires=x"), malformed);
  t.is(await withQuery("X-Amz-Expires=86400&", ""), malformed);
  t.is(await withQuery("X-Amz-Expires=86400", "X-Amz-Expires=0"), "AccessDenied 403");
  t.is(await withQuery("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130524"), malformed);
  t.is(await withQuery("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), malformed);
  t.is(await withQuery("=host&", "=range&"), malformed);
  t.is(await outcome({ query: "AWSAccessKeyId=A&Expires=1" }, host), "InvalidRequest 400");
});

/** The examples of the S3 API reference for Version 2. */
const puppy = { path: "/photos/puppy.jpg", hostedBucket: "johnsmith" };

test("takes Version 2 signatures in the header", async (t) => {
  const get = {
    Date: "Tue, 27 Mar 2007 19:36:42 +0000",
    Authorization: "AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
  };
  const at = Date.UTC(2007, 2, 27, 19, 36, 42);
  t.is(await outcome({ ...puppy, at }, get), "ok");
  t.is(await outcome({ path: "/johnsmith/photos/puppy.jpg", at }, get), "ok", "path style is the same resource");
  t.is(await outcome({ ...puppy, at, query: "x-id=GetObject" }, get), "ok", "only subresources are signed");
  t.is(await outcome({ ...puppy, at, query: "acl" }, get), "SignatureDoesNotMatch 403");
  t.is(await outcome({ ...puppy, at, method: "PUT" }, get), "SignatureDoesNotMatch 403");
  t.is(await outcome({ ...puppy, at, headers: { "x-amz-meta-a": "1" } }, get), "SignatureDoesNotMatch 403");
  t.is(await outcome({ ...puppy, at: at + 901_000 }, get), "RequestTimeTooSkewed 403");
  t.is(await outcome({ ...puppy, at, headers: { Date: undefined } }, get), "AccessDenied 403");
  const listing = {
    ...get,
    Date: "Tue, 27 Mar 2007 19:44:46 +0000",
    Authorization: "AWS AKIAIOSFODNN7EXAMPLE:c2WLPFtWHVgbEmeEG93a4cG37dM=",
  };
  t.is(await outcome({ path: "/", hostedBucket: "johnsmith", query: "acl", at: at + 484_000 }, listing), "ok");
});

test("takes Version 2 presigned URLs until they expire", async (t) => {
  const query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
  const at = 1_175_139_620_000 - 1;
  const host = { Host: "johnsmith.s3.amazonaws.com" };
  t.is(await outcome({ ...puppy, query, at }, host), "ok");
  t.is(await outcome({ ...puppy, query, at: at + 1 }, host), "AccessDenied 403");
  t.is(await outcome({ ...puppy, query: query.replace("620", "621"), at }, host), "SignatureDoesNotMatch 403");
  t.is(await outcome({ ...puppy, query: query.replace("=1175139620", "=x"), at }, host), "AccessDenied 403");
  t.is(await outcome({ ...puppy, query: query.replace("AKIA", "AKIB"), at }, host), "InvalidAccessKeyId 403");
});
