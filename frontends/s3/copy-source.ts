import { isPosternError, type Key, type ObjectInfo } from "../../core/index.js";
import type { BucketAccess } from "./access/bucket-access.js";
import { checkBucketName } from "./bucket-name.js";
import type { Call } from "./call.js";
import { evaluateConditions } from "./conditions.js";
import { cipherOf } from "./encryption/customer-cipher.js";
import { customerKey } from "./encryption/requested.js";
import { S3Error } from "./errors.js";
import { etagOf } from "./metadata.js";
import { findLayout } from "./uploads/find-layout.js";
import { decodeBytes, textOfBytes } from "./uri.js";
import { nullVersion, nullVersionOf, parseVersion, versionText } from "./version-id.js";

export interface CopySource {
  readonly bucket: string;
  readonly key: Key;
  /** Text of the version id, if one is named. */
  readonly versionId: string | undefined;
}

/** Amazon's limit for one copy. */
const maxCopyBytes = 5 * 2 ** 30;

/**
 * Parses x-amz-copy-source: "[/]bucket/key[?versionId=…]", percent-encoded. "+" stands for a space, as on Amazon.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function parseCopySource(header: string | undefined): CopySource {
  const [encoded = "", parameters, ...more] = (header ?? "").split("?");
  const versionId = /^versionId=([^&]+)$/.exec(parameters ?? "")?.[1];
  if (more.length > 0 || (parameters !== undefined && versionId === undefined)) throw invalid();
  const decoded = decodeBytes(encoded.replaceAll("+", " "))?.replace(/^\//, "");
  const slash = decoded?.indexOf("/") ?? -1;
  if (decoded === undefined || slash <= 0 || slash === decoded.length - 1) throw invalid();
  const key = decoded.slice(slash + 1);
  if (key.length > 1024) throw new S3Error("KeyTooLongError");
  return {
    bucket: checkBucketName(decoded.slice(0, slash)),
    key: textOfBytes(key) ?? Buffer.from(key, "latin1"),
    versionId,
  };
}

/** A source, with its data in the clear. */
export interface OpenSource {
  readonly info: ObjectInfo;
  readonly length: number;
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
}

/** The source as the caller may reach it. */
export interface ReachedSource {
  readonly access: BucketAccess;
  readonly version: Uint8Array | undefined;
  readonly info: ObjectInfo;
}

/** Looks at the source and checks that the caller may read it, and the x-amz-copy-source-if-* conditions. */
export async function reachCopySource(call: Call, source: CopySource): Promise<ReachedSource> {
  const { signal } = call;
  const access = await call.open(source.bucket);
  const expected = call.headers.get("x-amz-source-expected-bucket-owner");
  if (expected !== undefined && expected !== access.ownerId) throw new S3Error("AccessDenied");
  await call.authorize("GetObject", { access, key: source.key, versionId: source.versionId });
  let info: ObjectInfo;
  let version: Uint8Array | undefined;
  try {
    version = source.versionId === undefined ? undefined : parseVersion(source.versionId);
    if (source.versionId === nullVersion) version = await nullVersionOf(access, source.key, signal);
    info = await access.project.headObject(source.bucket, source.key, { version, signal });
  } catch (error) {
    if (isPosternError(error, "object-not-found")) {
      await access.project.headBucket(source.bucket, { signal });
      if (source.versionId !== undefined) throw new S3Error("NoSuchVersion", { cause: error });
    }
    if (isPosternError(error, "method-not-allowed")) {
      throw new S3Error("InvalidRequest", {
        message: "The source of a copy request may not specifically refer to a delete marker by version id.",
        cause: error,
      });
    }
    throw error;
  }
  const validators = { etag: etagOf(info), modifiedAt: info.createdAt };
  if (evaluateConditions(call.headers, validators, "x-amz-copy-source-") !== "go-on") {
    throw new S3Error("PreconditionFailed");
  }
  cipherOf(info.custom, customerKey(call.headers, "source"));
  return { access, version, info };
}

/** The source's bucket has its own logs; "REST.COPY.OBJECT_GET" is Amazon's name of what is done there. */
export function logSource(call: Call, { access, info }: ReachedSource, operation: string): void {
  const versionId = info.versioned ? versionText(info) : undefined;
  call.alsoLog({ access, operation, key: info.keyBytes, versionId, status: 200, size: info.size });
}

/** Opens a source to read it. Whoever opened it closes it. */
export async function openCopySource(
  call: Call,
  { access, version, info }: ReachedSource,
  range?: { readonly start: number; readonly end: number },
): Promise<OpenSource> {
  const length = range === undefined ? info.size : Math.min(range.end, info.size) - range.start;
  if (length > maxCopyBytes) {
    throw new S3Error("InvalidRequest", {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${maxCopyBytes}`,
    });
  }
  const download = await access.project.getObject(access.bucket, info.keyBytes, {
    range,
    version,
    signal: call.signal,
  });
  const cipher = cipherOf(info.custom, customerKey(call.headers, "source"));
  const layout = cipher && (await findLayout(access.project, access.bucket, info, call.signal));
  const body = cipher?.decrypt(download.body, download.offset, layout) ?? download.body;
  return { info: download.info, length: download.length, body, close: () => download.close() };
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
