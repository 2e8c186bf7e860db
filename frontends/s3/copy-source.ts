import { isPosternError, type Key, type ObjectDownload, type ObjectInfo } from "../../core/index.js";
import { checkBucketName } from "./bucket-name.js";
import type { Call } from "./call.js";
import { evaluateConditions } from "./conditions.js";
import { cipherOf } from "./encryption/customer-cipher.js";
import { customerKey } from "./encryption/requested.js";
import { S3Error } from "./errors.js";
import { etagOf } from "./metadata.js";
import { layoutOf } from "./uploads/part-layout.js";
import { decodeBytes, textOfBytes } from "./uri.js";

export interface CopySource {
  readonly bucket: string;
  readonly key: Key;
}

/** Amazon's limit for one copy. */
const maxCopyBytes = 5 * 2 ** 30;

/**
 * Parses x-amz-copy-source: "[/]bucket/key[?versionId=…]", percent-encoded. "+" stands for a space, as on Amazon.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function parseCopySource(header: string | undefined): CopySource {
  const [encoded = "", parameters, ...more] = (header ?? "").split("?");
  if (parameters !== undefined && (more.length > 0 || parameters !== "versionId=null")) {
    throw new S3Error("NotImplemented", { extra: { Header: "x-amz-copy-source" } });
  }
  const decoded = decodeBytes(encoded.replaceAll("+", " "))?.replace(/^\//, "");
  const slash = decoded?.indexOf("/") ?? -1;
  if (decoded === undefined || slash <= 0 || slash === decoded.length - 1) throw invalid();
  const key = decoded.slice(slash + 1);
  if (key.length > 1024) throw new S3Error("KeyTooLongError");
  return {
    bucket: checkBucketName(decoded.slice(0, slash)),
    key: textOfBytes(key) ?? Buffer.from(key, "latin1"),
  };
}

/** A source, with its data in the clear. */
export interface OpenSource {
  readonly info: ObjectInfo;
  readonly length: number;
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
}

/** Opens the source and checks the x-amz-copy-source-if-* conditions. Whoever opened it closes it. */
export async function openCopySource(
  call: Call,
  source: CopySource,
  range?: { readonly start: number; readonly end: number },
): Promise<OpenSource> {
  const { signal } = call;
  const access = await call.open(source.bucket);
  const { project } = access;
  await call.authorize("GetObject", { access, key: source.key });
  let download: ObjectDownload;
  try {
    download = await project.getObject(source.bucket, source.key, { range, signal });
  } catch (error) {
    if (isPosternError(error, "object-not-found")) await project.headBucket(source.bucket, { signal });
    throw error;
  }
  try {
    const { info } = download;
    const validators = { etag: etagOf(info), modifiedAt: info.createdAt };
    if (evaluateConditions(call.headers, validators, "x-amz-copy-source-") !== "go-on") {
      throw new S3Error("PreconditionFailed");
    }
    if (download.length > maxCopyBytes) {
      throw new S3Error("InvalidRequest", {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${maxCopyBytes}`,
      });
    }
    const cipher = cipherOf(info.custom, customerKey(call.headers, "source"));
    const body = cipher?.decrypt(download.body, download.offset, layoutOf(info.custom)) ?? download.body;
    return { info, length: download.length, body, close: () => download.close() };
  } catch (error) {
    download.close();
    throw error;
  }
}

/** The value of a directive header: "COPY" (the default) or "REPLACE". */
export function directive(call: Call, name: string): "COPY" | "REPLACE" {
  const value = call.headers.get(name) ?? "COPY";
  if (value === "COPY" || value === "REPLACE") return value;
  throw new S3Error("InvalidArgument", {
    message: "Unknown directive.",
    extra: { ArgumentName: name, ArgumentValue: value },
  });
}

function invalid(): S3Error {
  return new S3Error("InvalidArgument", {
    message: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    extra: { ArgumentName: "x-amz-copy-source" },
  });
}
