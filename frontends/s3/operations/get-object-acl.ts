import { aclDocument } from "../access/acl-document.js";
import { aclOfObject } from "../access/bucket-access.js";
import { keyOf, type Operation } from "../call.js";
import { xmlReply } from "../reply.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export const getObjectAcl: Operation = {
  name: "GetObjectAcl",
  async run(call) {
    const info = await call.project.headObject(call.bucket, keyOf(call), { signal: call.signal });
    return xmlReply(aclDocument(aclOfObject(info, call.access.ownerId)));
  },
};
