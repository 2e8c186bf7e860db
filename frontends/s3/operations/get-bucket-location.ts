import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { escapeXml, s3Namespace, xmlDeclaration } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export const getBucketLocation: Operation = {
  name: "GetBucketLocation",
  async run(call) {
    await call.project.headBucket(call.bucket, { signal: call.signal });
    const region = call.options.region === "us-east-1" ? "" : escapeXml(call.options.region);
    return xmlReply(`${xmlDeclaration}<LocationConstraint xmlns="${s3Namespace}">${region}</LocationConstraint>`);
  },
};
