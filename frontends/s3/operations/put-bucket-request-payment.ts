import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSection } from "../settings/change.js";
import { configuration, oneOf } from "../settings/document.js";

/**
 * Requesters can not be made to pay: satellites know the project that a bucket is in, and no other.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html
 */
export const putBucketRequestPayment: Operation = {
  name: "PutBucketRequestPayment",
  async run(call) {
    const document = await configuration(call, "RequestPaymentConfiguration");
    const payer = oneOf(document, "Payer", ["BucketOwner", "Requester"]);
    if (payer === "Requester") throw new S3Error("NotImplemented");
    await changeSection(call, "requestPayment", payer);
    return { status: 200 };
  },
};
