import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html */
export const deleteBucketCors: Operation = {
  name: "DeleteBucketCors",
  async run(call) {
    await changeSection(call, "cors", undefined);
    return { status: 204 };
  },
};
