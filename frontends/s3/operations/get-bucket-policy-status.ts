import { isPublicAcl } from "../access/acl.js";
import { isPublicPolicy } from "../access/policy-evaluate.js";
import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html */
export const getBucketPolicyStatus: Operation = {
  name: "GetBucketPolicyStatus",
  ofSettings: true,
  async run(call) {
    const { policy, acl, publicAccessBlock } = call.access.settings;
    const byAcl = isPublicAcl(acl) && publicAccessBlock?.ignorePublicAcls !== true;
    const byPolicy = policy !== undefined && isPublicPolicy(policy);
    return xmlReply(
      xmlDocument((xml) => xml.group("PolicyStatus", () => xml.text("IsPublic", byAcl || byPolicy), s3Namespace)),
    );
  },
};
