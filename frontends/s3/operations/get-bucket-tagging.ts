import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { taggingDocument } from "../tagging.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html */
export const getBucketTagging: Operation = {
  name: "GetBucketTagging",
  run: async (call) =>
    xmlReply(taggingDocument(await call.project.getBucketTags(call.bucket, { signal: call.signal }))),
};
