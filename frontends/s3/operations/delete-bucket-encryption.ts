import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html */
export const deleteBucketEncryption: Operation = {
  name: "DeleteBucketEncryption",
  async run(call) {
    await changeSection(call, "encryption", undefined);
    return { status: 204 };
  },
};
