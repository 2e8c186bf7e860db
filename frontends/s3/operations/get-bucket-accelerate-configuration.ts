import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/**
 * Never set: there is nothing to accelerate with.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html
 */
export const getBucketAccelerateConfiguration: Operation = {
  name: "GetBucketAccelerateConfiguration",
  ofSettings: true,
  run: async () => xmlReply(xmlDocument((xml) => xml.group("AccelerateConfiguration", () => {}, s3Namespace))),
};
