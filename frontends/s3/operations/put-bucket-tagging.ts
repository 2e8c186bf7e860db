import type { Operation } from "../call.js";
import { configuration } from "../settings/document.js";
import { readTags } from "../tagging.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
export const putBucketTagging: Operation = {
  name: "PutBucketTagging",
  async run(call) {
    const tags = readTags(await configuration(call, "Tagging"), "bucket");
    await call.project.setBucketTags(call.bucket, tags, { signal: call.signal });
    return { status: 204 };
  },
};
