import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export const getBucketPolicy: Operation = {
  name: "GetBucketPolicy",
  ofSettings: true,
  async run(call) {
    const policy = call.access.settings.section("policy");
    if (policy === undefined) throw new S3Error("NoSuchBucketPolicy");
    return { status: 200, headers: { "Content-Type": "application/json" }, body: policy };
  },
};
