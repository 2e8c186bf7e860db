import { keyOf, type Operation } from "../call.js";
import { tagsKey } from "../metadata.js";
import { xmlReply } from "../reply.js";
import { taggingDocument, tagsOfText } from "../tagging.js";
import { missingObject, requestedVersion, versionHeaders } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export const getObjectTagging: Operation = {
  name: "GetObjectTagging",
  async run(call) {
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const info = await call.project
      .headObject(call.bucket, key, { version, signal: call.signal })
      .catch((error: unknown) => missingObject(call, key, error));
    return xmlReply(taggingDocument(tagsOfText(info.custom[tagsKey] ?? "")), versionHeaders(info));
  },
};
