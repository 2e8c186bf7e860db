import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";
import { configuration } from "../settings/document.js";
import { lifecycleOfDocument } from "../settings/lifecycle.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export const putBucketLifecycleConfiguration: Operation = {
  name: "PutBucketLifecycleConfiguration",
  async run(call) {
    const document = await configuration(call, "LifecycleConfiguration");
    await changeSection(call, "lifecycle", lifecycleOfDocument(document));
    call.jobs.lifecycleChanged(call.access.identity, call.bucket);
    return { status: 200 };
  },
};
