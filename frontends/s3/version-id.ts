import { S3Error } from "./errors.js";
import type { Query } from "./query.js";

/** The version that a request names; undefined for the latest. */
export function versionOf(query: Query): Uint8Array | undefined {
  const text = query.get("versionId");
  if (text === undefined || text === "null") return undefined;
  return versionOfText(text);
}

/** 16 bytes in hexadecimal, as on Storj's Go gateways. */
export function versionOfText(text: string): Uint8Array {
  if (/^[0-9a-f]{32}$/i.test(text)) return Buffer.from(text, "hex");
  throw new S3Error("InvalidArgument", {
    message: "Invalid version id specified",
    extra: { ArgumentName: "versionId", ArgumentValue: text },
  });
}
