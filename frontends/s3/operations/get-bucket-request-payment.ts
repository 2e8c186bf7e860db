import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** It is always the owner who pays. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html */
export const getBucketRequestPayment: Operation = {
  name: "GetBucketRequestPayment",
  ofSettings: true,
  run: async () =>
    xmlReply(
      xmlDocument((xml) =>
        xml.group("RequestPaymentConfiguration", () => xml.text("Payer", "BucketOwner"), s3Namespace),
      ),
    ),
};
