import { aclDocument } from "../access/acl-document.js";
import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export const getBucketAcl: Operation = {
  name: "GetBucketAcl",
  ofSettings: true,
  run: async (call) => xmlReply(aclDocument(call.access.settings.acl)),
};
