import type { Operation } from "../call.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html */
export const deleteBucketTagging: Operation = {
  name: "DeleteBucketTagging",
  async run(call) {
    await call.project.setBucketTags(call.bucket, [], { signal: call.signal });
    return { status: 204 };
  },
};
