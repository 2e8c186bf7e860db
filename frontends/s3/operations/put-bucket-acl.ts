import { aclText } from "../access/acl.js";
import { requestedAcl } from "../access/requested-acl.js";
import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export const putBucketAcl: Operation = {
  name: "PutBucketAcl",
  async run(call) {
    const acl = await requestedAcl(call, call.access.settings.acl.owner);
    await changeSection(call, "acl", aclText(acl));
    return { status: 200 };
  },
};
