import { isPosternError } from "../../../core/index.js";
import { goneSection } from "../access/reach.js";
import type { Call, Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { forcesDelete } from "../force-delete.js";
import { settingsIdOf } from "../settings/change.js";

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html, and with all objects at once where MinIO's header
 * says so, as on Storj's gateways (minio cmd/bucket-handlers.go).
 */
export const deleteBucket: Operation = {
  name: "DeleteBucket",
  async run(call) {
    const { project, bucket, signal } = call;
    const withObjects = forcesDelete(call.headers);
    if (withObjects && !call.access.isOwner) throw new S3Error("AccessDenied");
    if (withObjects) await project.deleteBucket(bucket, { withObjects, signal });
    else await deleteEmpty(call);
    await forgetSettings(call);
    return { status: 204 };
  },
};

async function deleteEmpty(call: Call): Promise<void> {
  const { project, bucket, signal } = call;
  try {
    await project.deleteBucket(bucket, { signal });
  } catch (error) {
    // To S3 a bucket with nothing but unfinished uploads is empty; to the satellite it is not.
    if (!isPosternError(error, "bucket-not-empty") || !(await abortUploads(call))) throw error;
    await project.deleteBucket(bucket, { signal });
  }
}

/** What was open to others leaves a mark, so that they are told of a bucket that is gone, not of one that is closed. */
async function forgetSettings(call: Call): Promise<void> {
  const { entry } = call.access.settings;
  if (entry === undefined) return;
  if (!entry.hasGrant) return call.settings.delete(settingsIdOf(call));
  await call.settings.change(settingsIdOf(call), () => ({
    sections: { [goneSection]: JSON.stringify(call.now) },
    grant: "none",
  }));
}

/** Aborts the pending uploads of a bucket without objects; false when that is no way to empty it. */
async function abortUploads(call: Call): Promise<boolean> {
  const { project, bucket, signal } = call;
  const objects = await project.listObjects(bucket, { limit: 1, signal });
  if (objects.entries.length > 0) return false;
  const uploads = await project.listUploads(bucket, { limit: 1000, signal });
  for (const entry of uploads.entries) {
    if (entry.kind === "prefix") continue;
    await project.abortUpload(bucket, entry.upload.keyBytes, entry.upload.uploadId, { signal });
  }
  return uploads.entries.length > 0 && uploads.next === undefined;
}
