import { keyOf, type Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { requestedVersion } from "../version-id.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export const getObjectLegalHold: Operation = {
  name: "GetObjectLegalHold",
  async run(call) {
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const held = await call.project.getLegalHold(call.bucket, key, { version, signal: call.signal });
    return xmlReply(
      xmlDocument((xml) => xml.group("LegalHold", () => xml.text("Status", held ? "ON" : "OFF"), s3Namespace)),
    );
  },
};
