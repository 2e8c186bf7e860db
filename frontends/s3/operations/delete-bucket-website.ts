import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html */
export const deleteBucketWebsite: Operation = {
  name: "DeleteBucketWebsite",
  async run(call) {
    await changeSection(call, "website", undefined);
    return { status: 204 };
  },
};
