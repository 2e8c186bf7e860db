import { isPosternError, type Key, type ObjectInfo } from "../../core/index.js";
import type { BucketAccess } from "./access/bucket-access.js";
import type { Call } from "./call.js";
import { S3Error } from "./errors.js";

/** Amazon's id of the version that was written while the bucket kept none. */
export const nullVersion = "null";

/** How a version is told: 16 bytes in hexadecimal, as on Storj's Go gateways, or "null". */
export function versionText(info: Pick<ObjectInfo, "version" | "versioned">): string {
  return info.versioned ? Buffer.from(info.version).toString("hex") : nullVersion;
}

/** The header that tells the version; none where there are no versions. */
export function versionHeaders(info: Pick<ObjectInfo, "version" | "versioned">): Record<string, string> {
  return info.versioned ? { "x-amz-version-id": versionText(info) } : {};
}

/** Bytes of a version id; undefined for "null". */
export function parseVersion(text: string): Uint8Array | undefined {
  if (text === nullVersion) return undefined;
  if (/^[0-9a-f]{32}$/i.test(text)) return Buffer.from(text, "hex");
  throw new S3Error("InvalidArgument", {
    message: "Invalid version id specified",
    extra: { ArgumentName: "versionId", ArgumentValue: text },
  });
}

/**
 * The version that a request on an object names; undefined for the newest. "null" is the newest where the bucket never
 * kept versions, and else must be looked for. Fails with NoSuchVersion.
 */
export async function requestedVersion(
  call: Call,
  key: Key,
  text = call.query.get("versionId"),
): Promise<Uint8Array | undefined> {
  if (text === undefined) return undefined;
  if (text === "") throw new S3Error("InvalidArgument", { message: "Version id cannot be the empty string" });
  return parseVersion(text) ?? nullVersionOf(call.access, key, call.signal);
}

export async function nullVersionOf(
  { project, bucket }: BucketAccess,
  key: Key,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (!(await keepsVersions(project, bucket, signal))) return undefined;
  const wanted = Buffer.from(key);
  let cursor: { cursor?: Uint8Array; versionCursor?: Uint8Array } = {};
  for (;;) {
    const page = await project.listVersions(bucket, { prefix: key, limit: 1000, signal, ...cursor });
    for (const entry of page.entries) {
      if (entry.kind !== "object" || !wanted.equals(entry.object.keyBytes)) continue;
      if (!entry.object.versioned) return entry.object.version;
    }
    const last = page.entries.at(-1);
    const beyond = last?.kind !== "object" || !wanted.equals(last.object.keyBytes);
    if (page.next === undefined || beyond) throw new S3Error("NoSuchVersion");
    cursor = { cursor: page.next, versionCursor: page.nextVersion };
  }
}

export async function keepsVersions(
  project: BucketAccess["project"],
  bucket: string,
  signal: AbortSignal,
): Promise<boolean> {
  const state = await project.getBucketVersioning(bucket, { signal });
  return state === "enabled" || state === "suspended";
}

/**
 * What to say of an object that is not there: a version that is named is missing as such, and a delete marker is told
 * of. Rejects with the error to be told.
 */
export async function missingObject(call: Call, key: Key, error: unknown): Promise<never> {
  if (call.query.has("versionId")) {
    if (isPosternError(error, "object-not-found")) throw new S3Error("NoSuchVersion", { cause: error });
    if (isPosternError(error, "method-not-allowed")) {
      throw new S3Error("MethodNotAllowed", {
        headers: { "x-amz-delete-marker": "true", "x-amz-version-id": call.query.get("versionId")!, Allow: "DELETE" },
        cause: error,
      });
    }
    throw error;
  }
  if (!isPosternError(error, "object-not-found")) throw error;
  const marker = await latestMarker(call, key);
  if (marker === undefined) throw error;
  throw new S3Error("NoSuchKey", {
    headers: { "x-amz-delete-marker": "true", "x-amz-version-id": versionText(marker) },
    cause: error,
  });
}

/** Whether the newest version of a key is a delete marker. */
export async function hiddenByMarker(call: Call, key: Key): Promise<boolean> {
  return (await latestMarker(call, key)) !== undefined;
}

async function latestMarker(call: Call, key: Key): Promise<ObjectInfo | undefined> {
  const { project, bucket, signal } = call;
  try {
    if (!(await keepsVersions(project, bucket, signal))) return undefined;
    const page = await project.listVersions(bucket, { prefix: key, limit: 1, signal });
    const [entry] = page.entries;
    if (entry?.kind !== "object" || !entry.object.isDeleteMarker) return undefined;
    return Buffer.from(entry.object.keyBytes).equals(Buffer.from(key)) ? entry.object : undefined;
  } catch (error) {
    // A grant that may not look finds a missing object as any other.
    if (isPosternError(error, "permission-denied")) return undefined;
    throw error;
  }
}
