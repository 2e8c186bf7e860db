import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";
import { corsOfDocument } from "../settings/cors.js";
import { configuration } from "../settings/document.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export const putBucketCors: Operation = {
  name: "PutBucketCors",
  async run(call) {
    await changeSection(call, "cors", corsOfDocument(await configuration(call, "CORSConfiguration")));
    return { status: 200 };
  },
};
