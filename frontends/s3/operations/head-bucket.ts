import type { Operation } from "../call.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export const headBucket: Operation = {
  name: "HeadBucket",
  async run(call) {
    await call.project.headBucket(call.bucket, { signal: call.signal });
    return { status: 200, headers: { "x-amz-bucket-region": call.options.region } };
  },
};
