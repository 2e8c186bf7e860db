import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { corsDocument } from "../settings/cors.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export const getBucketCors: Operation = {
  name: "GetBucketCors",
  ofSettings: true,
  async run(call) {
    const rules = call.access.settings.section("cors");
    if (rules === undefined) throw new S3Error("NoSuchCORSConfiguration");
    return xmlReply(corsDocument(rules));
  },
};
