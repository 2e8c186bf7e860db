import { aclDocument } from "../access/acl-document.js";
import { aclOfObject } from "../access/bucket-access.js";
import { keyOf, type Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { missingObject, requestedVersion, versionHeaders } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export const getObjectAcl: Operation = {
  name: "GetObjectAcl",
  async run(call) {
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const info = await call.project
      .headObject(call.bucket, key, { version, signal: call.signal })
      .catch((error: unknown) => missingObject(call, key, error));
    return xmlReply(aclDocument(aclOfObject(info, call.access.ownerId)), versionHeaders(info));
  },
};
