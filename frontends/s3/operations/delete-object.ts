import { isPosternError } from "../../../core/index.js";
import { type Call, keyOf, type Operation } from "../call.js";
import { checkDelete, deleteConditions } from "../delete-conditions.js";
import { S3Error } from "../errors.js";
import { forcesDelete } from "../force-delete.js";
import { bypassesGovernance } from "../object-lock.js";
import type { Reply } from "../reply.js";
import { requireBucket } from "../require-bucket.js";
import { nullVersion, requestedVersion } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: Operation = {
  name: "DeleteObject",
  async run(call) {
    const key = keyOf(call);
    if (forcesDelete(call.headers)) throw new S3Error("NotImplemented", { extra: { Header: "x-minio-force-delete" } });
    const named = call.query.get("versionId");
    let version: Uint8Array | undefined;
    try {
      version = await requestedVersion(call, key);
    } catch (error) {
      // A version that is not there is as good as deleted.
      if (error instanceof S3Error && error.code === "NoSuchVersion") return { status: 204 };
      throw error;
    }
    const conditions = deleteConditions({
      etag: call.headers.get("if-match"),
      lastModified: call.headers.get("x-amz-if-match-last-modified-time"),
      size: call.headers.get("x-amz-if-match-size"),
    });
    if (conditions !== undefined && !(await checkDelete(call, key, version, conditions))) return { status: 204 };
    const result = await call.project.deleteObject(call.bucket, key, {
      version,
      bypassGovernance: bypassesGovernance(call),
      signal: call.signal,
    });
    if (!result.deleted) await requireBucket(call);
    if (named !== undefined) return replyOf(named, result.isDeleteMarker);
    if (!result.isDeleteMarker || result.version === undefined) return { status: 204 };
    return replyOf(await markerText(call, result.version), true);
  },
};

function replyOf(version: string, isDeleteMarker: boolean): Reply {
  const headers: Record<string, string> = { "x-amz-version-id": version };
  if (isDeleteMarker) headers["x-amz-delete-marker"] = "true";
  return { status: 204, headers };
}

/** The marker of a suspended bucket has the id "null". */
export async function markerText(call: Call, version: Uint8Array): Promise<string> {
  try {
    const state = await call.project.getBucketVersioning(call.bucket, { signal: call.signal });
    if (state === "suspended") return nullVersion;
  } catch (error) {
    if (!isPosternError(error, "permission-denied")) throw error;
  }
  return Buffer.from(version).toString("hex");
}
