import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html */
export const deleteBucketPolicy: Operation = {
  name: "DeleteBucketPolicy",
  async run(call) {
    await changeSection(call, "policy", undefined);
    return { status: 204 };
  },
};
