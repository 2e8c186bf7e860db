import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { configuration, oneOf } from "../settings/document.js";
import { childText } from "../xml/read.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export const putBucketVersioning: Operation = {
  name: "PutBucketVersioning",
  async run(call) {
    const { project, bucket, signal } = call;
    const document = await configuration(call, "VersioningConfiguration");
    if (childText(document, "MfaDelete")?.trim() === "Enabled") throw new S3Error("NotImplemented");
    const enabled = oneOf(document, "Status", ["Enabled", "Suspended"]) === "Enabled";
    if (!enabled && (await project.getBucketVersioning(bucket, { signal })) === "unversioned") {
      // Satellites suspend only what is on.
      await project.setBucketVersioning(bucket, true, { signal });
    }
    await project.setBucketVersioning(bucket, enabled, { signal });
    return { status: 200 };
  },
};
