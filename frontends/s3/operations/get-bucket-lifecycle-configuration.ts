import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { lifecycleDocument } from "../settings/lifecycle.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export const getBucketLifecycleConfiguration: Operation = {
  name: "GetBucketLifecycleConfiguration",
  ofSettings: true,
  async run(call) {
    const rules = call.access.settings.section("lifecycle");
    if (rules === undefined) throw new S3Error("NoSuchLifecycleConfiguration");
    return xmlReply(lifecycleDocument(rules));
  },
};
