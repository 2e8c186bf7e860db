import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** An empty document says that the bucket was never versioned. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export const getBucketVersioning: Operation = {
  name: "GetBucketVersioning",
  async run(call) {
    await call.project.headBucket(call.bucket, { signal: call.signal });
    return xmlReply(xmlDocument((xml) => xml.group("VersioningConfiguration", () => {}, s3Namespace)));
  },
};
