import { maxPolicyBytes, parsePolicy } from "../access/policy.js";
import { isPublicPolicy } from "../access/policy-evaluate.js";
import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export const putBucketPolicy: Operation = {
  name: "PutBucketPolicy",
  async run(call) {
    const text = await call.text(maxPolicyBytes, "PolicyTooLarge");
    const policy = parsePolicy(text, call.bucket);
    if (call.access.settings.publicAccessBlock?.blockPublicPolicy === true && isPublicPolicy(policy)) {
      throw new S3Error("AccessDenied");
    }
    await changeSection(call, "policy", text);
    return { status: 204 };
  },
};
