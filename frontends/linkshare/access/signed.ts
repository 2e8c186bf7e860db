import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { LinkRequest } from "../request.js";
import { decodeBytes, encodeBytes } from "../uri.js";

const algorithm = "AWS4-HMAC-SHA256";
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const toleranceMs = 15 * 60_000;

/**
 * Whether the request is signed with the secret key, in the Authorization header, by Signature Version 4 for any region,
 * with an empty body: how Storj's service lets owners of access keys that are not public read
 * (storj/edge sharing/internal/signed). The access key id is the one of the URL; the header's own does not count.
 */
export function isSigned(request: LinkRequest, secretKey: string, now: number): boolean {
  const claim = claimOf(request.header("authorization") ?? "");
  const timestamp = request.header("x-amz-date") ?? request.header("date") ?? "";
  const time = timeOf(timestamp);
  if (claim === undefined || time === undefined || Math.abs(now - time) > toleranceMs) return false;
  const headers = canonicalHeaders(request, claim.signedHeaders);
  if (headers === undefined) return false;
  const canonical = [
    request.method,
    request.rawPath,
    canonicalQuery(request.rawQuery),
    headers,
    [...claim.signedHeaders].sort().join(";"),
    emptySha256,
  ].join("\n");
  const date = timestamp.slice(0, 8);
  const scope = `${date}/${claim.region}/${claim.service}/aws4_request`;
  const hash = createHash("sha256").update(canonical, "latin1").digest("hex");
  const dateKey = hmac(`AWS4${secretKey}`, date);
  const key = hmac(hmac(hmac(dateKey, claim.region), claim.service), "aws4_request");
  const expected = hmac(key, `${algorithm}\n${timestamp}\n${scope}\n${hash}`);
  const given = Buffer.from(claim.signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

interface Claim {
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function claimOf(authorization: string): Claim | undefined {
  const match =
    /^AWS4-HMAC-SHA256\s*Credential=([^,\s]{1,200}),\s*SignedHeaders=([a-z0-9;-]{1,1000}),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (match === null) return undefined;
  const [, credential, headers, signature] = match as unknown as [string, string, string, string];
  const [, region, service, terminator] = credential.split("/").slice(-4);
  const signedHeaders = headers.split(";");
  // Without the host a signature would be good for every service there is.
  if (service !== "linksharing" || terminator !== "aws4_request" || !signedHeaders.includes("host")) return undefined;
  return { region: region!, service, signedHeaders, signature };
}

function canonicalHeaders(request: LinkRequest, names: readonly string[]): string | undefined {
  let text = "";
  for (const name of [...names].sort()) {
    const value = name === "content-length" ? (request.header(name) ?? "0") : request.header(name);
    if (value === undefined) return undefined;
    text += `${name}:${value.trim().replace(/\s+/g, " ")}\n`;
  }
  return text;
}

function canonicalQuery(raw: string): string {
  const pairs = raw
    .split("&")
    .filter((piece) => piece !== "")
    .map((piece) => {
      const equals = piece.indexOf("=");
      const encode = (text: string) => encodeBytes(decodeBytes(text.replaceAll("+", " ")) ?? "");
      return equals < 0 ? [encode(piece), ""] : [encode(piece.slice(0, equals)), encode(piece.slice(equals + 1))];
    });
  // By name only, and else as they came (Go's url.Values.Encode).
  pairs.sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function timeOf(timestamp: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}
