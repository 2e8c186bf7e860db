import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html */
export const deleteBucketLifecycle: Operation = {
  name: "DeleteBucketLifecycle",
  async run(call) {
    await changeSection(call, "lifecycle", undefined);
    return { status: 204 };
  },
};
