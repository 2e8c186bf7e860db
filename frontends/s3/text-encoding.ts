import type { Key } from "../../core/index.js";
import { keyText } from "./call.js";
import { S3Error } from "./errors.js";
import type { Query } from "./query.js";
import { bytesOfText, encodePathBytes } from "./uri.js";

/** How keys are written in listings: as they are, or percent-encoded when encoding-type=url asks for it. */
export type KeyEncoder = (key: Key | undefined) => string | undefined;

/**
 * Spaces become %20, which every decoder understands, also those that take "+" for a space. "/" stays, as on Amazon.
 */
export function keyEncoder(query: Query): KeyEncoder {
  const type = query.get("encoding-type");
  if (type === undefined || type === "") return (key) => (key === undefined ? undefined : keyText(key));
  if (type !== "url") {
    throw new S3Error("InvalidArgument", {
      message: "Invalid Encoding Method specified in Request",
      extra: { ArgumentName: "encoding-type", ArgumentValue: type },
    });
  }
  return (key) => {
    if (key === undefined) return undefined;
    return encodePathBytes(typeof key === "string" ? bytesOfText(key) : Buffer.from(key).toString("latin1"));
  };
}
