import { S3Error } from "./errors.js";
import type { Query } from "./query.js";

/** Reads a count of entries such as max-keys: `most` when absent or larger. */
export function pageSize(query: Query, name: string, most = 1000): number {
  const text = query.get(name);
  if (text === undefined || text === "") return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1) {
    throw new S3Error("InvalidArgument", {
      message: `Provided ${name} not an integer or within integer range`,
      extra: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return Math.min(Number(text), most);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const maxParts = 10_000;

export function partNumberOf(text: string | undefined): number {
  const value = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
  if (value >= 1 && value <= maxParts) return value;
  throw new S3Error("InvalidArgument", {
    message: `Part number must be an integer between 1 and ${maxParts}, inclusive`,
    extra: { ArgumentName: "partNumber", ArgumentValue: text ?? "" },
  });
}

/** The uploadId of a request on a multipart upload. */
export function uploadIdOf(query: Query): string {
  const value = query.get("uploadId");
  if (value === undefined || value === "") throw new S3Error("NoSuchUpload");
  return value;
}

/** A continuation token is the base64 of the last key or prefix returned, as on Storj's Go gateways. */
export function encodeToken(cursor: Uint8Array): string {
  return Buffer.from(cursor).toString("base64");
}

export function decodeToken(token: string): Uint8Array {
  const bytes = Buffer.from(token, "base64");
  if (bytes.toString("base64") === token) return bytes;
  throw new S3Error("InvalidArgument", {
    message: "The continuation token provided is incorrect",
    extra: { ArgumentName: "continuation-token" },
  });
}
