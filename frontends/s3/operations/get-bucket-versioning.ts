import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export const getBucketVersioning: Operation = {
  name: "GetBucketVersioning",
  async run(call) {
    const state = await call.project.getBucketVersioning(call.bucket, { signal: call.signal });
    const text = state === "enabled" ? "Enabled" : state === "suspended" ? "Suspended" : undefined;
    return xmlReply(
      xmlDocument((xml) => xml.group("VersioningConfiguration", () => xml.text("Status", text), s3Namespace)),
    );
  },
};
